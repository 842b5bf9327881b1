# One image for silos and web nodes: `dotnet WebApi.dll` unless told `dotnet Silo.dll`. See docs/operations.md.
FROM node:22-bookworm-slim AS page
WORKDIR /src/client-app
COPY client-app/package.json client-app/package-lock.json ./
RUN npm ci
COPY client-app ./
RUN npm run build

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props global.json .editorconfig ./
COPY src src
COPY --from=page /src/client-app/dist client-app/dist
RUN dotnet publish src/WebApi -c Release -o out

# The runtime of models needs glibc, so no alpine. Days begin where the reader is; the health check is a request.
FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update && apt-get install -y --no-install-recommends tzdata wget && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /src/out ./
ENV ASPNETCORE_HTTP_PORTS=8080 DOTNET_EnableDiagnostics=0
USER app
VOLUME /tmp
EXPOSE 8080 11111 30000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD wget -q -O /dev/null http://127.0.0.1:8080/health/liveness
ENTRYPOINT ["dotnet", "WebApi.dll"]
