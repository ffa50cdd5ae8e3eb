# Stands in for postgres:16-bookworm where no registry of images is reached: Debian's Postgres, started as that one is.
FROM python:3.11-slim-bookworm
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres \
    && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends postgresql >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && rm -rf /var/lib/postgresql/* && mkdir -p /var/lib/postgresql/data /docker-entrypoint-initdb.d \
    && chown -R 999:999 /var/lib/postgresql \
    && for program in initdb pg_ctl postgres; do ln -s /usr/lib/postgresql/*/bin/$program /usr/local/bin/; done
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
