# One image for every Clearance service: `docker run clearance api`, `… engine`, `… worker`; `clearance --help` lists them.
FROM python:3.11.14-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1
WORKDIR /app
RUN python -m venv /opt/clearance
COPY requirements/bootstrap.txt requirements/runtime.txt requirements/
RUN /opt/clearance/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt \
    && /opt/clearance/bin/uv pip install --no-cache --python /opt/clearance/bin/python --require-hashes \
        -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY activities activities
COPY aml aml
COPY api api
COPY clearance clearance
COPY explain explain
COPY jurisdictions jurisdictions
COPY kyc kyc
COPY models models
COPY store store
COPY vault vault
COPY workflows workflows
# Editable, because SQL, models and templates are read beside their code.
RUN /opt/clearance/bin/uv pip install --no-cache --python /opt/clearance/bin/python --no-deps --no-build-isolation \
        --editable .

FROM python:3.11.14-slim-bookworm

# LightGBM links against the compiler's OpenMP runtime, which its wheel does not carry.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 clearance \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/clearance --create-home --shell /usr/sbin/nologin clearance \
    && install -d -o 10001 -g 10001 -m 0700 /run/keys /var/lib/clearance/vault /var/lib/clearance/checkpoints \
        /var/lib/clearance/filing-checkpoints /var/lib/clearance/filings /var/lib/clearance/watchlists /var/lib/clearance/engine \
        /var/lib/clearance/cache

COPY --from=build /opt/clearance /opt/clearance
COPY --from=build /app /app
ENV PATH=/opt/clearance/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/var/lib/clearance/cache \
    CLEARANCE_HOME=/var/lib/clearance
WORKDIR /var/lib/clearance
USER 10001:10001
ENTRYPOINT ["clearance"]
CMD ["--help"]
