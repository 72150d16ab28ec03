"""Given names and surnames that many people bear, so that rarity means something before a long list is seen.

Kept apart as a table from general knowledge; it holds how often a name occurs among 20,000, roughly, not who bears it.
"""

from functools import cache

from aml.screening.sounds import token

_TABLE = {
    1200: "muhammad",
    300: "ahmad ali hassan hussein abdulah ibrahim mahmud jose maria juan ivan aleksandr john kim li wang zhang",
    150: "yusuf omar khalid mustafa said salih abdurahman abduaziz hamid karim rashid ismail jamal nasir salim hamza "
    "carlos luis jesus francisco jorge miguel antonio manuel pedro sergei vladimir dmitry andrei nikolai mikhail "
    "david michael peter thomas robert james william daniel paul martin george joseph chen liu yang huang singh "
    "khan kumar rodriguez gonzalez hernandez garcia martinez lopez perez sanchez ramirez smith jong pak",
    70: "tariq walid bilal faisal majid samir adil fuad nabil munir habib rahman zayd amin anwar aziz bashir farid "
    "fatima aisha mariam zaynab leila hamad sulayman musa isa dawud yahya idris haydar abbas jafar reza mehdi "
    "amir javad hosein rafael fernando javier ricardo alejandro ramon oscar victor diego roberto eduardo ana rosa "
    "carmen torres flores rivera gomez diaz cruz morales reyes gutierrez ortiz castillo ramos ruiz alvarez "
    "mendoza castro vargas romero yuri viktor oleg igor anatoly konstantin pavel roman yevgeny ruslan timur elena "
    "olga irina natalya tatyana svetlana ivanov petrov anna elizabeth mark stephen richard charles christopher "
    "anthony patrick emmanuel jean pierre marie mehmet murat kemal wu zhou xu sun ma zhu hu guo lin wei ming jun "
    "ri choe kang nguyen tran",
}


@cache
def bearers() -> dict[str, float]:
    """Bearers among 20,000 by consonants, by sound where a name has fewer than three."""
    found: dict[str, float] = {}
    for count, names in _TABLE.items():
        for name in names.split():
            found[common_key(name)] = max(found.get(common_key(name), 0.0), float(count))
    return found


def common_key(text: str) -> str:
    parts = token(text)
    return parts.bones if len(parts.bones) >= 3 else "=" + parts.sound
