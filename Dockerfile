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
ENV L4PROXY_STATE_DIR=/var/lib/l4proxy
USER 10001:10001
EXPOSE 2222
ENTRYPOINT ["l4proxy"]
CMD ["--help"]
