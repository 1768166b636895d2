# The program from its own package on a bare Debian 12:
#   docker build -t thaw . && docker run --rm -v "$PWD:/work" -w /work thaw inspect model.tflite
FROM debian:12 AS build
COPY . /thaw
WORKDIR /thaw
RUN tools/install
RUN cmake --preset package && cmake --build --preset package && cd build-package && cpack -G DEB

FROM debian:12-slim
COPY --from=build /thaw/build-package/thaw_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/thaw_*.deb && rm -rf /tmp/*.deb /var/lib/apt/lists/*
ENTRYPOINT ["thaw"]
