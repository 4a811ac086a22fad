# The image alone: checks and tests need programs that are not here, and have run before (.ci/run).
FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY .mvn .mvn
COPY mvnw pom.xml ./
COPY jlink jlink
COPY src/main src/main
RUN ./mvnw -B -ntp -Dquick package

# All that the program needs of a system: the libraries that its files are linked to, a shell for bin/l4proxy, a user of its own.
FROM debian:trixie-slim AS system
COPY --from=build /src/target/l4proxy /opt/l4proxy
RUN mkdir -p /system/bin /system/etc /system/var/lib \
    && cp -L /bin/sh /system/bin/sh \
    && find /opt/l4proxy/bin /opt/l4proxy/lib -type f \( -name java -o -name '*.so' \) -exec ldd /bin/sh {} + \
        | awk '$3 ~ "^/(usr/)?lib" { print $3 } $1 ~ "^/(usr/)?lib" && $2 ~ "^[(]" { print $1 }' \
        | sort -u | xargs cp -L --parents -t /system \
    && echo "l4proxy:x:10001:10001::/var/lib/l4proxy:/bin/sh" > /system/etc/passwd \
    && echo "l4proxy:x:10001:" > /system/etc/group \
    && echo "hosts: files dns" > /system/etc/nsswitch.conf \
    && install -d -m 1777 /system/tmp \
    && install -d -o 10001 -g 10001 -m 700 /system/var/lib/l4proxy

FROM scratch
COPY --from=system /system /
COPY --from=system /opt/l4proxy /opt/l4proxy
# The admin key of the first start lies in the volume too, where "docker exec CONTAINER l4proxy key create NAME" finds it.
ENV PATH=/opt/l4proxy/bin:/bin \
    L4PROXY_STATE_DIR=/var/lib/l4proxy \
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
