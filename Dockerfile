ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
# Alone first, so that the packages stay cached while the sources change.
COPY scripts/setup scripts/setup
RUN scripts/setup
COPY . .
RUN cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib -DMOMBRIDGE_TESTS=OFF \
 && cmake --build build \
 && DESTDIR=/out cmake --install build --strip

FROM ${BASE}
RUN apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends ca-certificates libcpp-httplib0.11 libcurl4 libfmt9 libjemalloc2 libprometheus-cpp-core1.0 librabbitmq4 librdkafka1 libseccomp2 libspdlog1.10 libssl3 \
      libsystemd0 libuuid1 libyaml-cpp0.7 \
 && rm -rf /var/lib/apt/lists/*
# The program, and the handler that is installed with it: headers and libraries are for those who write handlers.
COPY --from=build /out/usr/bin/mombridge /usr/bin/mombridge
COPY --from=build /out/usr/lib/mombridge/handlers/http.so /usr/lib/mombridge/handlers/http.so
# A library that is missing above shows here, not at the first start.
RUN mkdir -p /etc/mombridge && mombridge --help >/dev/null
# A number, because Kubernetes' runAsNonRoot cannot judge a name. Nothing is written, so the root may be read-only.
USER 10001:10001
STOPSIGNAL SIGTERM
# Whether it runs, and not whether its brokers do: for that there is /readyz (`probes:`). With a root that is read-only it
# needs a place for its socket: --tmpfs /tmp.
HEALTHCHECK --interval=30s --timeout=10s CMD ["/usr/bin/mombridge", "status", "-c", "/etc/mombridge", "--quiet"]
ENTRYPOINT ["/usr/bin/mombridge"]
CMD ["run", "-c", "/etc/mombridge"]
