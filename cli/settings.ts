import { config } from 'dotenv';
import { readSettings, type Settings } from '../config.ts';

/** The environment, with what a file `.env` in the working folder adds. Throws SettingsError. */
export function loadSettings(): Settings {
  config({ quiet: true });
  return readSettings(process.env);
}
