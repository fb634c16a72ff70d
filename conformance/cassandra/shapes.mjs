// The clusters that scenarios want. The dynamic snitch is off: whom a coordinator asks follows from the ring alone.

const SETTINGS = { dynamic_snitch: false };

/** Three nodes, each in a rack of its own. */
export const THREE = { datacenters: ['dc1'], racks: 3, perRack: 1, settings: SETTINGS };

/** Three nodes whose ring changes: ring_delay is 5 s, not 30. */
export const THREE_CHANGING = { ...THREE, ringDelayMs: 5_000 };

/** Two nodes in each of three racks: a rack away is more than a node. */
export const THREE_RACKS_OF_TWO = {
  datacenters: ['dc1'],
  racks: 3,
  perRack: 2,
  settings: SETTINGS,
};

/** Two datacenters of three racks. */
export const TWO_DATACENTERS = {
  datacenters: ['dc1', 'dc2'],
  racks: 3,
  perRack: 1,
  settings: SETTINGS,
};

/** The same, with links that can be cut. */
export const TWO_CUTTABLE = { ...TWO_DATACENTERS, cuts: true };

/** Statements for a keyspace with `factor` replicas in each datacenter of the shape. */
export function keyspace(name, { datacenters }, factor = 3) {
  const options = datacenters.map((datacenter) => `'${datacenter}': ${factor}`);
  return `CREATE KEYSPACE ${name} WITH replication = {'class': 'NetworkTopologyStrategy', ${options.join(', ')}}`;
}
