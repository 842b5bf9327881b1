import type { KnownService } from '../metrics/figures';
import { OWN_SERVICE } from '../../shared/filters/filters';

/** Nobody but Bayou itself has reported yet. */
export const isEmpty = (services: KnownService[]) => services.every(({ service }) => service === OWN_SERVICE);
