"""What counts as the same given names: documents cut names where their element is full, applicants state some."""

import pytest

from kyc.checks import _same_given_names


@pytest.mark.parametrize(
    ("read", "stated"),
    [
        ("SEMIELLE TADARINA E", "Semielle Tadarina Elvene"),
        ("SEMIELLE", "Semielle Tadarina Elvene"),
        ("SEMIELLE TADARINA", "Semielle"),
        ("MARIA LUI", "María Luisa"),
        ("ALEXAND", "Alexander"),
    ],
)
def test_a_cut_or_partly_stated_name_is_the_same(read: str, stated: str) -> None:
    assert _same_given_names(read, stated)


@pytest.mark.parametrize(
    ("read", "stated"),
    [
        ("SEMIELLE TADARINA E", "Semielle Tadarina Olga"),
        ("SEMIELLE T ELVENE", "Semielle Tadarina Elvene"),
        ("E", "Erika"),
        ("TADARINA", "Semielle Tadarina"),
        ("ERIKA", "Eri"),
        ("", "Erika"),
    ],
)
def test_another_name_is_not(read: str, stated: str) -> None:
    assert not _same_given_names(read, stated)
