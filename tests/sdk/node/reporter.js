// Says what failed, and how many passed. Like pytest's: what went well needs no line of its own.

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:fail' && data.details.type !== 'suite') {
      const { cause, message, stack } = data.details.error;
      yield `FAILED ${data.file}: ${data.name}\n${cause?.stack ?? stack ?? message}\n\n`;
    } else if (type === 'test:stderr') {
      yield data.message;
    } else if (type === 'test:summary' && data.file === undefined) {
      const { passed, failed, cancelled, skipped } = data.counts;
      const rest = Object.entries({ failed, cancelled, skipped }).filter(([, count]) => count > 0);
      const counts = [['passed', passed], ...rest].map(([name, count]) => `${count} ${name}`).join(', ');
      yield `${counts} in ${(data.duration_ms / 1000).toFixed(2)}s\n`;
    }
  }
}
