#!/usr/bin/env node
import { Command } from 'commander';
import { auditExport, auditVerify } from './cli-audit.ts';
import { dnsDiff, dnsLowerTtl, dnsPolicies, dnsRestoreTtl } from './cli-dns.ts';
import { dnsHealth } from './cli-dns-health.ts';
import { dnsWatch } from './cli-dns-watch.ts';
import { open } from './cli-open.ts';
import { check, preflight, schema } from './cli-plan.ts';
import { reverseRun } from './cli-reverse.ts';
import { abortRun, resumeRun, takeOverRun } from './cli-resume.ts';
import { runUnattended } from './cli-run.ts';
import { sheet } from './cli-sheet.ts';
import { knownRuns, stateDirectory } from './settings.ts';
import { serve } from './web.ts';

/** Sets the exit code when a command has ended; stdout belongs to the command's own answer. */
async function exitWith(code: Promise<number> | number): Promise<void> {
  process.exitCode = await code;
  // Whatever is still open (a connection that was being made when the command ended) must not keep the answer waiting.
  setTimeout(() => process.exit(), leaveMs).unref();
}

const leaveMs = 5_000;

const program = new Command('cockpit')
  .description('Moves a MySQL estate in one guided, gated minute.')
  .showHelpAfterError()
  // Usage mistakes are exit code 1, like a plan that cannot be used.
  .exitOverride((error) => {
    if (error.code === 'commander.missingArgument' && error.message.includes("'run'"))
      process.stderr.write(`\n${knownRuns(stateDirectory())}\n`);
    process.exit(error.exitCode === 0 ? 0 : 1);
  });

program
  .command('check')
  .argument('<plan>')
  .description('reports every mistake of a plan file')
  .action((plan: string) => exitWith(check(plan)));
program
  .command('preflight')
  .argument('<plan>')
  .option('--json', 'one JSON object on stdout')
  .description('judges every gate once; exit 0 all blocking gates open, 2 closed, 1 unusable')
  .action((plan: string, options: { json?: boolean }) =>
    exitWith(preflight(plan, { json: options.json === true })),
  );
program
  .command('run')
  .argument('<plan>')
  .requiredOption('--unattended', 'no person at the screen; refused for production')
  .option('--yes', 'answers holds and checklists as "unattended (<os user>)"; overrides no gate')
  .option('--json', 'ends with one JSON object on stdout')
  .description('exit 0 done, 1 bad plan or usage, 2 gates closed, 3 thawed, 4 needs a person')
  .action((plan: string, options: { yes?: boolean; json?: boolean }) =>
    exitWith(runUnattended(plan, { yes: options.yes === true, json: options.json === true })),
  );
program
  .command('resume')
  .argument('<run>', 'a run id, or the file of its journal')
  .option(
    '--conclude',
    "where the dead-man's switches opened every source again behind the point of no return: ends the run there",
  )
  .option('--json', 'ends with one JSON object on stdout')
  .description('takes up a run whose cockpit ended: back before the point of no return, forward after it')
  .action((run: string, options: { conclude?: boolean; json?: boolean }) =>
    exitWith(resumeRun(run, { json: options.json === true, conclude: options.conclude === true })),
  );
program
  .command('abort')
  .argument('<run>', 'a run id, or the file of its journal')
  .option('--json', 'ends with one JSON object on stdout')
  .description('takes everything back that such a run began; refused after the point of no return')
  .action((run: string, options: { json?: boolean }) =>
    exitWith(abortRun(run, { json: options.json === true })),
  );
program
  .command('reverse')
  .argument('<run>', 'a run id, or the file of its journal')
  .option('--json', 'ends with one JSON object on stdout')
  .description('turns a finished run round: the same protocol with the sides swapped, as a run of its own')
  .action((run: string, options: { json?: boolean }) =>
    exitWith(reverseRun(run, { json: options.json === true })),
  );
program
  .command('takeover')
  .argument('<run>', "a run's id")
  .option('--plan <file>', 'the plan it is of, where this laptop has not opened it yet')
  .option('--despite <names>', 'servers and hosts, with commas, that do not answer and are known to be down')
  .option('--json', 'ends with one JSON object on stdout')
  .description(
    'drives a run on from this laptop: the other cockpit is ousted, its sessions are ended on every server',
  )
  .action((run: string, options: { plan?: string; despite?: string; json?: boolean }) =>
    exitWith(
      takeOverRun(run, {
        despite: options.despite?.split(',').map((name) => name.trim()) ?? [],
        json: options.json === true,
        ...(options.plan === undefined ? {} : { plan: options.plan }),
      }),
    ),
  );
program
  .command('serve')
  .argument('<plan>')
  .option('--port <n>', 'port on 127.0.0.1; default: a free one', Number)
  .description('the cockpit in a browser on this machine')
  .action((plan: string, options: { port?: number }) =>
    exitWith(serve(plan, options.port === undefined ? {} : { port: options.port })),
  );
program
  .command('open')
  .argument('[plan]')
  .description('the cockpit on a plan; without one, the reference case in the simulator')
  .action((plan: string | undefined) => exitWith(open(plan)));
program
  .command('sheet')
  .argument('<run>', 'a run id, or its journal file')
  .option('--format <format>', 'text or html', 'text')
  .description('the emergency sheet of a run: what a person with mysql and ssh does to go back or forward')
  .action((run: string, options: { format: string }) => exitWith(sheet(run, options)));
const dns = program
  .command('dns')
  .description('what Route 53 holds, and the TTLs before the minute and after it');
for (const [name, act, words] of [
  ['diff', dnsDiff, 'what the minute would change in each zone; exit 0 it may, 2 refused, 1 unreadable'],
  [
    'lower-ttl',
    dnsLowerTtl,
    'days before: keeps the observed TTLs, lowers those of records that will change',
  ],
  ['restore-ttl', dnsRestoreTtl, 'puts the observed TTLs back'],
] as const)
  dns
    .command(name)
    .argument('<plan>')
    .option('--json', 'ends with one JSON object on stdout')
    .description(words)
    .action((plan: string, options: { json?: boolean }) =>
      exitWith(act(plan, { json: options.json === true })),
    );
dns
  .command('health')
  .argument('<plan>')
  .option('--create', 'makes the health checks that are missing; one that is there is never changed')
  .option('--json', 'one JSON object on stdout')
  .description(
    'each health check of the plan as it is in Route 53, and its votes; exit 0 as planned, 2 not all, 1 unusable',
  )
  .action((plan: string, options: { create?: boolean; json?: boolean }) =>
    exitWith(dnsHealth(plan, { create: options.create === true, json: options.json === true })),
  );
dns
  .command('policy')
  .argument('<plan>')
  .description('the least that the credentials of each zone need, as IAM policies')
  .action((plan: string) => exitWith(dnsPolicies(plan)));
const audit = program.command('audit').description('what a journal says');
audit
  .command('verify')
  .argument('<file>')
  .description('exit 0 whole, 1 changed, removed, reordered or cut off')
  .action((file: string) => exitWith(auditVerify(file)));
audit
  .command('export')
  .argument('<file>')
  .requiredOption('--format <format>', 'json, csv or html')
  .option('--out <file>', 'default: stdout')
  .action((file: string, options: { format: string; out?: string }) => exitWith(auditExport(file, options)));
dns
  .command('watch')
  .argument('<plan>')
  .option('--json', 'one JSON object a line on stdout')
  .option('--for <seconds>', 'ends after so many seconds in any case', Number)
  .description(
    'asks every server and resolver until all answer the target; exit 0 all do, 2 not all, 1 unusable',
  )
  .action((plan: string, options: { json?: boolean; for?: number }) =>
    exitWith(dnsWatch(plan, { json: options.json === true, forSeconds: options.for ?? null })),
  );
program
  .command('schema')
  .description('the JSON Schema of the plan file')
  .action(() => exitWith(schema()));

await program.parseAsync();
