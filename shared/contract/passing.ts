/** The one judgement that the screen repeats, so that what it marks as blocking is what main counts as blocking. */
export { letsPass } from '../gates/gate.ts';
