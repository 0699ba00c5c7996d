import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A line between the cockpit and one listener of the lab that a test can cut, hold and let go, as networks do. What it
 * holds is not lost: it arrives when the line is let go, even when the sender has hung up meanwhile, as TCP would do.
 */
export type Wire = {
  /** Where the cockpit connects. */
  readonly port: number;
  /** The lines that stand now. */
  readonly lines: () => readonly Line[];
  /** Nothing passes any more, in neither direction; new lines are taken and lead nowhere. */
  readonly cut: () => void;
  /** Everything passes again, first what was sent meanwhile. */
  readonly heal: () => void;
  readonly close: () => Promise<void>;
};

/** One connection through a wire. */
export type Line = {
  /** The port at the listener's end: how the server knows this connection. Null before it has one. */
  readonly portThere: () => number | null;
  /** What the cockpit sends from now on waits. */
  readonly hold: () => void;
  readonly letGo: () => void;
  /** Both ends see the connection end now. */
  readonly break: () => void;
};

/** Opens a wire to a port of the loopback. */
export async function openWire(to: () => number): Promise<Wire> {
  const lines = new Set<ReturnType<typeof openLine>>();
  let cut = false;
  const server = createServer((socket) => {
    const line = openLine(socket, to(), () => lines.delete(line));
    lines.add(line);
    line.stop(cut);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const turn = (off: boolean): void => {
    cut = off;
    for (const line of lines) line.stop(off);
  };
  const { port } = server.address() as AddressInfo;
  return {
    port,
    lines: () => [...lines],
    cut: () => turn(true),
    heal: () => turn(false),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const line of lines) line.break();
      }),
  };
}

function openLine(here: Socket, port: number, over: () => void) {
  let there: Socket | null = null;
  let stopped = false;
  const out = openWay();
  const back = openWay();
  const end = (): void => {
    here.destroy();
    there?.destroy();
    over();
  };
  const move = (): void => {
    if (stopped) return;
    there ??= dial();
    out.pass(there);
    back.pass(here);
    if (!out.isOver() && !back.isOver()) return;
    // What was sent before somebody hung up still arrives.
    here.end();
    there.end();
    over();
  };
  const dial = (): Socket => {
    const socket = connect(port, '127.0.0.1');
    listen(socket, back);
    return socket;
  };
  const listen = (socket: Socket, way: Way): void => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      way.take(bytes);
      move();
    });
    socket.on('close', () => {
      way.end();
      move();
    });
  };
  listen(here, out);
  return {
    portThere: () => there?.localPort ?? null,
    hold: () => out.hold(true),
    letGo: () => {
      out.hold(false);
      move();
    },
    break: end,
    stop: (off: boolean) => {
      stopped = off;
      move();
    },
  };
}

type Way = ReturnType<typeof openWay>;

/** One direction of a line: what came in and was not passed on yet. */
function openWay() {
  const waiting: Buffer[] = [];
  let held = false;
  let ended = false;
  return {
    take: (bytes: Buffer) => void waiting.push(bytes),
    end: () => void (ended = true),
    hold: (on: boolean) => void (held = on),
    isOver: () => ended && waiting.length === 0,
    pass: (to: Socket) => {
      if (held) return;
      for (const bytes of waiting.splice(0)) to.write(bytes);
    },
  };
}
