# Stands in for redis:7.2-bookworm.
FROM python:3.11-slim-bookworm
RUN groupadd --gid 999 redis && useradd --uid 999 --gid 999 --no-create-home redis \
    && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends redis-server >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && mkdir /data && chown 999:999 /data
