/** What controllers of streets decided lately; nothing where there are none. */
import { useEffect, useState } from 'react';
import type { StreetDecision } from '../../api/types.ts';
import { api } from '../data/http.ts';
import { DecisionCells, DecisionHeads } from './DecisionCells.tsx';

const ROWS = 50;
const AGAIN_MS = 5000;

export function StreetDecisions() {
  const [decisions, setDecisions] = useState<readonly StreetDecision[]>([]);
  useEffect(() => {
    let isOpen = true;
    const look = (): void => {
      api.streetDecisions(ROWS).then(
        (found) => isOpen && setDecisions(found),
        // The alerts say that the database is away; what is shown stays.
        () => {},
      );
    };
    look();
    const timer = setInterval(look, AGAIN_MS);
    return () => {
      isOpen = false;
      clearInterval(timer);
    };
  }, []);
  if (decisions.length === 0) return null;
  return (
    <section className="card" aria-label="Decisions on streets">
      <header className="card-head">
        <h2>On streets</h2>
        <span className="card-says">the last {decisions.length} of all controllers; times are UTC</span>
        <span className="card-tools">
          <a className="small" href="api/v1/decisions?format=csv&limit=5000">
            CSV
          </a>
        </span>
      </header>
      <div className="table-scroll">
        <table data-testid="street-decisions">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Junction</th>
              <DecisionHeads />
            </tr>
          </thead>
          <tbody>
            {decisions.map((decision) => (
              <tr key={`${decision.junctionId} ${decision.decidedAt} ${decision.seq} ${decision.controller}`}>
                <td>{decision.decidedAt.slice(0, 19).replace('T', ' ')}</td>
                <td className="together">
                  {decision.junctionName}
                  <span className="detail">
                    {decision.strategy}
                    {decision.shadow && ', watching only'}
                  </span>
                </td>
                <DecisionCells
                  decision={decision}
                  {...(decision.shadow && decision.vetoed === null && { answer: 'not published' })}
                />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
