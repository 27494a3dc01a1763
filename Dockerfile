# A static binary in an empty image. Configuration and ledger live in /data:
#
#   docker build -t releve .
#   docker run -p 4100:4100 -v releve:/data releve
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev gcc g++ make perl cmake linux-headers
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p releve && mkdir -p /image/data && cp target/release/releve /image/releve

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /image/ /
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 4100 4101
STOPSIGNAL SIGTERM
ENTRYPOINT ["/releve"]
CMD ["serve"]
