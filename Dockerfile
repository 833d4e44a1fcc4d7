# Build: compiles, then keeps what runs. Run: no root, no writes to the file system.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
COPY proto ./proto
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY proto ./proto
COPY models ./models
USER node
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
# Liveness alone. Where clients must have certificates (tlsClientCertificates: required), replace it: this has none.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const e = process.env, s = e.SPIKINGRX_TLS_CERT ? 's' : ''; require('http' + s).get({ host: '127.0.0.1', port: e.SPIKINGRX_HTTP_PORT || 8000, path: '/healthz', rejectUnauthorized: false }, (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
