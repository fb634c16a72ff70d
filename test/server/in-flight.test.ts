// Bytes of requests being executed, per client address and in all.

import { expect, test } from 'vitest';
import { InFlight } from '../../src/server/in-flight.ts';

test('both limits count, and addresses without connections are forgotten', () => {
  const inFlight = new InFlight({
    native_transport_max_request_data_in_flight_per_ip: 100,
    native_transport_max_request_data_in_flight: 150,
  });
  const a = inFlight.connect('a');
  const b = inFlight.connect('b');
  inFlight.acquire(a, 90);
  expect([inFlight.fits(a, 10), inFlight.fits(a, 11)]).toEqual([true, false]);
  expect([inFlight.fits(b, 60), inFlight.fits(b, 61)]).toEqual([true, false]);
  expect(inFlight.overloadText(a)).toBe(
    'Request breached limit on bytes in flight. (Endpoint: 90/100 bytes, Global: 90/150 bytes.)' +
      'Server is currently in an overloaded state and cannot accept more requests.',
  );
  inFlight.disconnect(a);
  expect(inFlight.connect('a')).toBe(a);
  inFlight.disconnect(a);
  inFlight.release(a, 90);
  expect(inFlight.connect('a')).not.toBe(a);
  expect(inFlight.connections('b')).toBe(1);
});
