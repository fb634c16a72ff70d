// A tree of hashes over a token range, to find out where two replicas differ without sending the data. Built row by
// row in token order; pure. Test: test/repair/merkle-tree.test.ts. Cassandra: utils/MerkleTree.

export interface MerkleTree {
  readonly todo: true;
}
