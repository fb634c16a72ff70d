// Every limit of the CQL edge, named as in cassandra.yaml where Cassandra has it.

export interface TransportLimits {
  /** Bytes of a version 3 or 4 frame, header included; more is refused and discarded. */
  readonly native_transport_max_frame_size: number;
  /** Bytes of a version 5 message body that comes in several segments. */
  readonly native_transport_max_message_size: number;
  /** Open connections; -1: no limit. One too many is closed at once. */
  readonly native_transport_max_concurrent_connections: number;
  readonly native_transport_max_concurrent_connections_per_ip: number;
  /**
   * Bytes of requests being executed for one client address, and for all. Over: slow down, or
   * OVERLOADED.
   */
  readonly native_transport_max_request_data_in_flight_per_ip: number;
  readonly native_transport_max_request_data_in_flight: number;
  /** Milliseconds without a byte after which a connection is closed; 0: never. */
  readonly native_transport_idle_timeout: number;
  readonly native_transport_allow_older_protocols: boolean;
  /** Bad messages in a row that a version 5 connection survives. */
  readonly consecutive_message_errors_threshold: number;
  /** Requests of one connection being executed; over it the connection is not read. */
  readonly max_requests_in_flight_per_connection: number;
  /** Bytes a client leaves unread before his requests are not read either. */
  readonly output_pause_bytes: number;
  /** Bytes a client leaves unread before he is disconnected. */
  readonly output_close_bytes: number;
  /** Milliseconds that `drain` waits for requests being executed. */
  readonly native_transport_timeout: number;
}

const MIB = 0x10_0000;

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = Object.freeze({
  native_transport_max_frame_size: 16 * MIB,
  native_transport_max_message_size: 16 * MIB,
  native_transport_max_concurrent_connections: -1,
  native_transport_max_concurrent_connections_per_ip: -1,
  native_transport_max_request_data_in_flight_per_ip: 64 * MIB,
  native_transport_max_request_data_in_flight: 256 * MIB,
  native_transport_idle_timeout: 0,
  native_transport_allow_older_protocols: true,
  consecutive_message_errors_threshold: 1,
  max_requests_in_flight_per_connection: 32768,
  output_pause_bytes: 1 * MIB,
  output_close_bytes: 64 * MIB,
  native_transport_timeout: 12_000,
});
