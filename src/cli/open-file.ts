// Opens a file with the system's own program, without waiting for it.

import { spawn } from 'node:child_process';

export function openFile(path: string): void {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [path]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', path]]
        : ['xdg-open', [path]];
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true });
  child.on('error', () => process.stderr.write(`Nothing here opens files: ${path}\n`));
  child.unref();
}
