// The order of Java's hash maps, which decides what schema statements report first. See data/java-hash-order.ts.
// Test: test/schema/java-hash-order.test.ts.

export { columnHashOrder, javaHashOrder, putAllOrder } from '../../../data/java-hash-order.ts';
