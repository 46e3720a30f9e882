/** What the page does when the reader points at a plot: a line at that time in all of them, and the values there. */
export const POINTER_SCRIPT = `
'use strict';
const box = document.getElementById('values');
const plots = [...document.querySelectorAll('svg.plot')].map((svg) => ({ svg, ...JSON.parse(svg.dataset.plot) }));
function hide() {
  box.style.visibility = 'hidden';
  for (const { svg } of plots) svg.querySelector('.cursor').setAttribute('visibility', 'hidden');
}
function point(event, plot) {
  const rect = plot.svg.getBoundingClientRect();
  const x = ((event.clientX - rect.left) * plot.svg.viewBox.baseVal.width) / rect.width;
  const part = (x - plot.left) / plot.inner;
  if (part < 0 || part > 1) return hide();
  const seconds = part * plot.end;
  for (const other of plots) {
    const cursor = other.svg.querySelector('.cursor');
    const at = other.left + Math.min(1, seconds / other.end) * other.inner;
    cursor.setAttribute('x1', at);
    cursor.setAttribute('x2', at);
    cursor.setAttribute('visibility', 'visible');
  }
  const i = Math.floor(seconds / plot.interval);
  const table = document.createElement('table');
  const caption = document.createElement('caption');
  caption.textContent = (i * plot.interval).toFixed(3).replace(/\\.?0+$/, '') + ' s';
  table.append(caption);
  for (const { label, text } of plot.lines) {
    const row = table.insertRow();
    row.insertCell().textContent = label;
    row.insertCell().textContent = text[i] ?? '';
  }
  box.replaceChildren(table);
  const right = event.clientX + 24 + box.offsetWidth > innerWidth;
  box.style.left = (right ? event.clientX - 16 - box.offsetWidth : event.clientX + 16) + 'px';
  box.style.top = Math.min(event.clientY + 12, innerHeight - box.offsetHeight - 8) + 'px';
  box.style.visibility = 'visible';
}
for (const plot of plots) {
  plot.svg.addEventListener('pointermove', (event) => point(event, plot));
  plot.svg.addEventListener('pointerleave', hide);
}
`;
