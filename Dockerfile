# A static binary in an empty image: docs/container.md says how to run it.
#
#   docker build -t releve .
#
# The configuration is read from /etc/releve/releve.toml, which you mount; the ledger belongs into /data, a volume.
# Inside, 127.0.0.1 is the container's own: to be reached it must listen on 0.0.0.0, and that it does only with a key.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev gcc g++ make perl cmake linux-headers
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p releve && mkdir -p /image/data && cp target/release/releve /image/releve

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /image/ /
USER 65532:65532
ENV RELEVE_CONFIG=/etc/releve/releve.toml
WORKDIR /data
VOLUME /data
EXPOSE 4100 4101
STOPSIGNAL SIGTERM
ENTRYPOINT ["/releve"]
CMD ["serve"]
