//! Values that the sockets of packets have.

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/socket.bpf.o");

#[test]
fn the_socket_of_a_packet_has_a_value_as_long_as_the_packet_lives() {
    let Some(pair) = Pair::load(OBJECT, "values_of_socket") else { return };
    let mut packet = [0; 64];
    packet[12..14].copy_from_slice(&0x0800_u16.to_be_bytes());
    for (repeat, runs, asked) in [(1, 1, 9), (3, 4, 9 + 3 * 9 + 3), (2, 6, 57)] {
        assert_eq!(pair.test_run(&packet, repeat), 0);
        assert_eq!(pair.numbers("runs"), [runs]);
        assert_eq!(pair.both("asked"), u32::to_le_bytes(asked));
        pair.both("answers");
    }
    let answers = pair.numbers("answers");
    assert_eq!(answers[..9], [0, 0, 1, 1, 1, 1, 7, 1, 0], "made by the first run");
    assert_eq!(answers[9..18], answers[..9], "another packet has another socket");
    assert_eq!(answers[18..27], [0, 0, 0, 1, 1, 2, 7, 1, 0], "found by the next one");
    assert_eq!(answers[36..39], [0, -2, 1], "deleted by the third one");
}
