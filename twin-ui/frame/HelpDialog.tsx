/** What this is and how to drive it. */
import { useEffect, useRef } from 'react';
import { KEYS } from './keyboard.ts';

export function HelpDialog({ open, close }: { open: boolean; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    <dialog ref={dialog} className="help" onClose={close} aria-labelledby="help-title">
      <header>
        <h2 id="help-title">How to read and drive this page</h2>
        <button type="button" className="icon" onClick={close} aria-label="Close">
          ×
        </button>
      </header>
      <p>
        A run takes one scenario and one seed and sends the same vehicles through every world. The worlds differ in
        nothing but their signal plans. The simulation runs ahead and is recorded; your playhead moves over the
        recording and touches nobody else's. Nothing here acts on a street.
      </p>
      <dl>
        <dt>Delay</dt>
        <dd>
          Seconds a vehicle lost against its own desired speed, waiting to enter included, over all vehicles due so far.
        </dd>
        <dt>Queued</dt>
        <dd>Vehicles that stand (0.1 m/s or slower), those waiting to enter included.</dd>
        <dt>Signals</dt>
        <dd>
          Red is a square on top (R), amber a triangle in the middle (A), green a circle at the bottom (G). Arrows say
          which turns a head is for.
        </dd>
        <dt>Near miss</dt>
        <dd>
          Two road users, at least one of them a vehicle, that came close by what they broadcast. TTC: seconds to a
          collision had both gone on; PET: seconds between the first leaving and the second reaching the same place.
          Serious at 1.5 s or less: those are what to look at. The others are candidates (TTC up to 3 s, PET up to 5 s,
          8 s with people), among them every ordinary stop behind a queue. Filled diamonds are serious, hollow ones are
          not.
        </dd>
        <dt>Safety index</dt>
        <dd>
          0 safest, 100 riskiest, from the near misses, volumes, speeds and hard braking of each minute. Quality: how
          well the minute was heard, 0 to 1. Weight: how much of the index is what was observed, 0 to 1.
        </dd>
        <dt>Interval</dt>
        <dd>
          Of the mean difference over finished runs of the scenario with other seeds, paired by seed: of a hundred such
          intervals about 95 hold the true mean.
        </dd>
      </dl>
      <h3>Keys</h3>
      <table>
        <tbody>
          {KEYS.map(({ keys, does }) => (
            <tr key={does}>
              <td>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </td>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </dialog>
  );
}
