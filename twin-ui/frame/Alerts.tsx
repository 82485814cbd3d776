/** What an operator should know, always within reach. */
import { useEffect, useRef } from 'react';
import { count } from '../words/numbers.ts';
import { wallTime } from '../words/time.ts';
import { useApp } from './context.ts';

const SIGNS = { info: 'ℹ', warning: '▲', error: '✕' };

export function Alerts() {
  const alerts = useApp((state) => state.alerts);
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      const outside =
        event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node);
      if (outside && box.current) box.current.open = false;
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, []);
  const serious = alerts.some((alert) => alert.level !== 'info');
  return (
    <details className="alerts" ref={box}>
      <summary className={serious ? 'small serious' : 'small'}>
        {alerts.length === 0 ? 'No alerts' : count(alerts.length, 'alert')}
      </summary>
      <ul className="alerts-list" data-testid="alerts" aria-live="polite">
        {alerts.length === 0 && <li className="quiet">Nothing to report.</li>}
        {alerts.map((alert) => (
          <li key={alert.id} data-level={alert.level}>
            <span aria-hidden="true">{SIGNS[alert.level]}</span>
            <span>
              <strong>{alert.level}</strong> {alert.message}
              <time dateTime={alert.at}>{wallTime(alert.at)}</time>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
