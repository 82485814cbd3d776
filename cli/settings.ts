import { config } from 'dotenv';
import { readSettings, type Settings } from '../config.ts';

/**
 * The environment, with what a file `.env` in the working folder adds; `dataFolder` takes the place of FLEXTRAFF_DATA, so
 * that everything kept there (archive and backups too) follows. Throws SettingsError.
 */
export function loadSettings(dataFolder?: string): Settings {
  config({ quiet: true });
  return readSettings(dataFolder === undefined ? process.env : { ...process.env, FLEXTRAFF_DATA: dataFolder });
}
