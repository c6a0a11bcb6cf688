// ochre-server as a child process: the binary is the first argument of the program.
import { spawn } from 'node:child_process';

// Starts the binary with these options on a port that is free.
export async function start(options) {
  const process_ = spawn(process.argv[2], [...options, '--port', '0', '--log', 'errors'],
                         { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    process_.stdout.on('data', (data) => resolve(Number(/:(\d+),/.exec(data.toString())[1])));
    process_.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { process: process_, port };
}

export async function stop(server) {
  server.process.removeAllListeners('exit');
  server.process.kill('SIGTERM');
  await new Promise((resolve) => server.process.on('exit', resolve));
}
