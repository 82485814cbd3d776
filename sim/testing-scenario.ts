export * from './testing/crossroads.ts';
