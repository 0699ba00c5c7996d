import type { ResidueSeen } from '../observations/residue-seen.ts';

/** Who still arrives on the source side after the switch, and whether it may go dark: as the journal has it too. */
export type ResidueView = ResidueSeen;
