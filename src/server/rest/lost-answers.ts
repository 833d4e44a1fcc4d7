import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Tells every answer that its connection is gone. Node tells only the one that is being sent: those that wait behind it,
 * of requests that came without waiting for it (pipelined), would hold their room for ever.
 */
export function withLostAnswersTold(handler: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, Set<ServerResponse>>();
  const answersOf = (socket: Socket): Set<ServerResponse> => {
    const known = waiting.get(socket);
    if (known) return known;
    const answers = new Set<ServerResponse>();
    waiting.set(socket, answers);
    socket.once('close', () => {
      for (const answer of answers) {
        answer.destroy();
        answer.emit('close');
      }
    });
    return answers;
  };
  return (request: IncomingMessage, answer: ServerResponse & { req: IncomingMessage }) => {
    // HTTP/2 tells them all.
    if (request.httpVersionMajor === 2) return handler(request, answer);
    const answers = answersOf(request.socket);
    answers.add(answer);
    answer.once('close', () => answers.delete(answer));
    handler(request, answer);
  };
}
