# One image for every service of docker-compose.yml; the lock's hashes are checked, byte code is compiled once.
FROM python:3.11-slim

ENV PATH=/opt/quanyu/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/opt/quanyu \
    TZ=Asia/Shanghai \
    UV_PYTHON_DOWNLOADS=never

RUN useradd --uid 50000 --create-home quanyu \
    && mkdir -p /opt/quanyu/var/airflow /opt/quanyu/var/logs /opt/quanyu/var/reports /opt/quanyu/var/claims \
    /opt/quanyu/var/sandbox \
    && chown -R quanyu /opt/quanyu
USER quanyu
WORKDIR /opt/quanyu

COPY --chown=quanyu .ci/uv.txt .ci/uv.txt
COPY --chown=quanyu requirements.lock ./
RUN python -m venv .uv \
    && .uv/bin/pip install --quiet --no-cache-dir --require-hashes -r .ci/uv.txt \
    && .uv/bin/uv venv --quiet .venv \
    && .uv/bin/uv pip sync --quiet --no-cache --compile-bytecode --require-hashes requirements.lock

COPY --chown=quanyu pyproject.toml README.md LICENSE ./
COPY --chown=quanyu plugins plugins
COPY --chown=quanyu dags dags
COPY --chown=quanyu dbt_project dbt_project
COPY --chown=quanyu expectations expectations
COPY --chown=quanyu tests/sandbox tests/sandbox
RUN .uv/bin/uv pip install --quiet --no-cache --no-deps --no-build-isolation -e . \
    && python -m compileall -q plugins dags tests

CMD ["quanyu", "--help"]
