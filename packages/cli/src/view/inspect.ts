import type { NicReport, VmReport } from '../control/commands/inspect.ts';
import { framesIn, type RowValues } from '../control/row-values.ts';
import { fit, shortBytes, shortCount, shortRate } from './figures.ts';

const cells = (name: string, ...rest: readonly string[]): string =>
  `${fit(name, 16)}${rest.map((cell, i) => (i === rest.length - 1 ? `  ${cell}` : fit(cell, 11, 'right'))).join('')}`.trimEnd();

/** The NICs as a table. */
export function nicTable(nics: readonly NicReport[]): string[] {
  return [
    cells('NIC', 'state', 'role', 'speed', 'pending', 'sent', 'received', 'dropped', 'about it'),
    ...nics.map((nic) => {
      const { name, state, role, speedBps, pendingBytes, txFrames, rxFrames, columns } = nic;
      const dropped = framesIn(columns['dropped']) + framesIn(columns['rxDropped']);
      const counts = [shortBytes(pendingBytes), shortCount(txFrames), shortCount(rxFrames), shortCount(dropped)];
      return cells(name, state, role, shortRate(speedBps), ...counts, aboutNic(nic));
    }),
  ];
}

function aboutNic({ whyDown, available, failover, teams }: NicReport): string {
  const moving = failover ? 'its frames are being moved; ' : '';
  if (whyDown !== null) return `${moving}${whyDown}`;
  const serves = teams.filter(({ serving }) => serving).map(({ team }) => team);
  return `${moving}${available && serves.length > 0 ? `serves ${serves.join(', ')}` : 'waits'}`;
}

/** One NIC, all that is known of it. */
export function nicLines(nic: NicReport): string[] {
  const { name, state, whyDown, carrier, admin, speedBps, teams, verdicts, columns } = nic;
  return [
    `NIC ${name}: ${state}${whyDown === null ? '' : `, ${whyDown}`}`,
    line('link', `${carrier ? `up, ${shortRate(speedBps)}bit/s` : 'down'}${admin ? '' : ', disabled by the operator'}`),
    ...teams.map(({ team, role, serving }) =>
      line('team', `${team}: ${role}, ${serving ? 'serves' : 'does not serve'}`),
    ),
    ...verdicts.map(({ monitor, verdict, why }) =>
      line('monitor', `${monitor}: ${verdict}${why === '' ? '' : `, ${why}`}`),
    ),
    ...counterLines(columns),
  ];
}

/** The VMs as a table. */
export function vmTable(vms: readonly VmReport[]): string[] {
  return [
    cells('VM', 'state', 'team', 'waiting', 'accepted', 'sent', 'received', 'dropped', 'goes over'),
    ...vms.map(({ name, state, team, backlogFrames, acceptedFrames, transmittedFrames, rxFrames, columns, ...vm }) => {
      const dropped = ['refused', 'dropped', 'rxDropped'].reduce((sum, column) => sum + framesIn(columns[column]), 0);
      const counts = [backlogFrames, acceptedFrames, transmittedFrames, rxFrames, dropped].map(shortCount);
      return cells(name, state, team, ...counts, goesOver(vm));
    }),
  ];
}

function goesOver({ nics, pinnedTo }: Pick<VmReport, 'nics' | 'pinnedTo'>): string {
  if (pinnedTo !== null) return `${pinnedTo}, where the operator has put it`;
  return nics.length === 0 ? 'no NIC' : nics.join(', ');
}

/** One VM, all that is known of it. */
export function vmLines(vm: VmReport): string[] {
  const { name, state, team, columns } = vm;
  const rate = (column: string): string => {
    const bps = columns[column];
    return typeof bps === 'number' ? `${shortRate(bps)}bit/s` : 'none';
  };
  return [
    `VM ${name}: ${state}`,
    line('team', team),
    line('goes over', goesOver(vm)),
    line('limit', `${rate('limitBps')}, peak ${rate('peakBps')}, burst ${shortBytes(framesIn(columns['burstBytes']))}`),
    line('reserved', `${rate('reservationBps')}, entitled to ${rate('entitledBps')}`),
    line('shares', `${framesIn(columns['shares'])}, priority ${framesIn(columns['priority'])}`),
    ...counterLines(columns),
  ];
}

const line = (name: string, value: string): string => `  ${fit(name, 12)}${value}`;

/** Columns that count something, those that are not 0: what they mean is in docs/troubleshooting.md. */
function counterLines(columns: RowValues): string[] {
  const counted = Object.entries(columns).filter(
    ([name]) => /(Frames|Bytes|Transfers)$/.test(name) && name !== 'burstBytes',
  );
  const reasons = Object.entries(columns).filter(
    (entry): entry is [string, Record<string, number>] => typeof entry[1] === 'object',
  );
  const shown = [
    ...counted.map(([name, value]) => [name, framesIn(value)] as const),
    ...reasons.flatMap(([name, by]) =>
      Object.entries(by ?? {}).map(([reason, frames]) => [`${name} ${reason}`, frames] as const),
    ),
  ].filter(([, value]) => value !== 0);
  return shown.map(([name, value]) => `  ${fit(name, 28)}${fit(String(value), 16, 'right')}`);
}
