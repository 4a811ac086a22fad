# The image alone: checks and tests need programs that are not here, and have run before (.ci/run).
FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY .mvn .mvn
COPY mvnw pom.xml ./
COPY jlink jlink
COPY src/main src/main
RUN ./mvnw -B -ntp -Dquick package

FROM debian:trixie-slim
COPY --from=build /src/target/l4proxy /opt/l4proxy
RUN ln -s /opt/l4proxy/bin/l4proxy /usr/local/bin/l4proxy \
    && useradd --system --uid 10001 --no-create-home l4proxy \
    && install -d -o l4proxy -g l4proxy -m 700 /var/lib/l4proxy
# The admin key of the first start lies in the volume too, where "docker exec CONTAINER l4proxy key create NAME" finds it.
ENV L4PROXY_STATE_DIR=/var/lib/l4proxy \
    XDG_CONFIG_HOME=/var/lib/l4proxy/config \
    MALLOC_ARENA_MAX=2
VOLUME /var/lib/l4proxy
USER 10001:10001
EXPOSE 2222
# Not bin/l4proxy, which is a shell script: neither start nor stop needs a shell. The heap is half of the container's memory.
ENTRYPOINT ["/opt/l4proxy/bin/java", "-XX:MaxRAMPercentage=50", "-m", "l4proxy/l4proxy.Main"]
CMD ["--help"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
    CMD ["/opt/l4proxy/bin/java", "-m", "l4proxy/l4proxy.Main", "health"]
