# Builds Tagboat as one static binary, and puts it beside the programs that it starts: git, and ssh for git.
#
#   docker build -t tagboat .
#   docker run --rm -e GITHUB_TOKEN -v "$PWD:/workspace" tagboat plan
#
# With PROGRAM=given, the program is not built here: it is tagboat-linux-amd64 or tagboat-linux-arm64 of this folder, as the
# release has it.
ARG PROGRAM=built

# On Alpine, Rust links statically, for whatever platform this runs on.
FROM rust:1.95-alpine AS built
# The arithmetic of TLS (ring) is C and assembly.
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

# One of the two above.
# hadolint ignore=DL3006
FROM ${PROGRAM} AS program

FROM alpine:3.22
LABEL org.opencontainers.image.title="tagboat" \
      org.opencontainers.image.description="Brings new container image tags into a GitOps repository, as pull requests" \
      org.opencontainers.image.licenses="Apache-2.0"
# Versions are those of the Alpine release, which only fixes them.
# hadolint ignore=DL3018
RUN apk add --no-cache ca-certificates git openssh-client-default \
    # A mounted checkout seldom belongs to the user that runs in here; whoever mounts it trusts it.
    && git config --system safe.directory '*' \
    # ssh asks for the name of its user.
    && adduser -D -u 1000 tagboat
COPY --from=program /tagboat /usr/local/bin/tagboat
# Any other uid will do too, but for ssh: nothing is written but below /tmp.
USER 1000:1000
WORKDIR /workspace
ENTRYPOINT ["tagboat"]
