import { emulatorWorld } from '../helpers/route53-world.ts';
import { route53Suite } from '../conformance/route53-suite.ts';

route53Suite('the emulated Route 53', () => emulatorWorld());
