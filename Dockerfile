# docker build -t real-or-ai . && docker run --rm -p 7860:7860 real-or-ai
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.12-slim
# Before the wheel: a change of the code installs nothing else anew.
COPY requirements.txt /tmp/
RUN pip install --no-cache-dir --requirement /tmp/requirements.txt
RUN --mount=from=build,source=/wheel,target=/wheel pip install --no-cache-dir --no-deps /wheel/*.whl

RUN useradd --create-home --uid 1000 visitor
USER 1000
WORKDIR /home/visitor
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", \
  "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"GRADIO_SERVER_PORT\"]}/config', timeout=10)"]
CMD ["real-or-ai", "serve"]
