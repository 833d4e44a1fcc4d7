/** Where a log line may have credentials: a logged request or its headers, however deep. */
export const REDACTED_PATHS: readonly string[] = ['authorization', '["x-api-key"]', 'cookie'].flatMap(
  (name) => {
    const path = name.startsWith('[') ? name : `.${name}`;
    return [name, `*${path}`, `headers${path}`, `*.headers${path}`];
  },
);

export const REDACTED = '[redacted]';

/** Headers as JSON or as text, with what libraries put between a name and its value. */
const CREDENTIAL = /((?:authorization|x-api-key|cookie)"?\s*[:=]\s*[[\s"]*)(?:Bearer\s+)?[^"\],}\s]+/gi;

/** Text of a library's own log, without the credentials of requests that it describes. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIAL, `$1${REDACTED}`);
}
