# Builds Tagboat as one static binary and adds the programs it runs: git, and ssh for git.
#
#   docker build -t tagboat .
#   docker run --rm -e GITHUB_TOKEN -v "$PWD:/workspace" tagboat plan
#
# With PROGRAM=given, the program is not built: it is the file tagboat-linux-amd64 or tagboat-linux-arm64 in this folder. The
# release uses that.
ARG PROGRAM=built

# On Alpine, Rust links statically.
FROM rust:1.95-alpine AS built
# ring, the cryptography of TLS, contains C and assembly.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked && cp target/release/tagboat /tagboat

FROM scratch AS given
ARG TARGETARCH
COPY --chmod=755 tagboat-linux-$TARGETARCH /tagboat

# One of the two stages above.
# hadolint ignore=DL3006
FROM ${PROGRAM} AS program

FROM alpine:3.22
LABEL org.opencontainers.image.title="tagboat" \
      org.opencontainers.image.description="Updates container image references in a GitOps repository through pull requests" \
      org.opencontainers.image.licenses="Apache-2.0"
# Package versions are those of the Alpine release, which only gets fixes.
# hadolint ignore=DL3018
RUN apk add --no-cache ca-certificates git openssh-client-default \
    # A mounted checkout rarely belongs to the user in the container: the person who mounts it trusts it.
    && git config --system safe.directory '*' \
    # ssh requires a user with a name.
    && adduser -D -u 1000 tagboat
COPY --from=program /tagboat /usr/local/bin/tagboat
# Any other uid works too, except for ssh: only /tmp is written to.
USER 1000:1000
WORKDIR /workspace
ENTRYPOINT ["tagboat"]
