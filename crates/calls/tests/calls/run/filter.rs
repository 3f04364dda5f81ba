//! Packets and their sockets.

use skep_abi::{Addr, MapType, ProgType};
use skep_machine::MapDef;
use skep_machine::packet::SkbField;

use crate::bench::Bench;

const EINVAL: u64 = -22i64 as u64;
const EFAULT: u64 = -14i64 as u64;
const ENOMEM: u64 = -12i64 as u64;
const EACCES: u64 = -13i64 as u64;
const ENODEV: u64 = -19i64 as u64;
const ENOTSUPP: u64 = -524i64 as u64;

/// A frame of 64 bytes whose bytes are their offsets, but for the protocol.
fn frame() -> Vec<u8> {
    let mut frame: Vec<u8> = (0..64).collect();
    frame[12..14].copy_from_slice(&[8, 0]);
    frame
}

/// A bench whose program has an skb that begins at the link layer.
fn skb() -> Bench {
    let mut bench = Bench::new();
    bench.prog_type = ProgType::SchedCls;
    let packet = bench.machine.packets().skb(&frame(), true).unwrap();
    bench.ctx = Some(bench.machine.packets().insert(packet));
    bench
}

fn xdp() -> Bench {
    let mut bench = Bench::new();
    bench.prog_type = ProgType::Xdp;
    let packet = bench.machine.packets().xdp(&frame(), 0).unwrap();
    bench.ctx = Some(bench.machine.packets().insert(packet));
    bench
}

fn ctx(bench: &Bench) -> Addr {
    bench.ctx.unwrap()
}

/// The packet, metadata first.
fn bytes(bench: &Bench) -> Vec<u8> {
    bench.machine.packets().with(ctx(bench), |packet| packet.bytes()).unwrap()
}

fn word(bench: &Bench, offset: u64) -> u32 {
    bench.machine.packets().with(ctx(bench), |packet| packet.ctx_word(offset)).unwrap()
}

#[test]
pub(super) fn bytes_are_copied_out_of_a_packet_and_in() {
    let bench = skb();
    let at = bench.at(0);
    assert_eq!(bench.call("bpf_skb_load_bytes", [0, 20, at, 4]), 0);
    assert_eq!(bench.read(0, 5), [20, 21, 22, 23, 0]);
    assert_eq!(bench.call("bpf_skb_load_bytes", [0, 62, at, 4]), EFAULT);
    assert_eq!(bench.read(0, 4), [0; 4], "zeroes where there are no bytes");
    assert_eq!(bench.call("bpf_skb_load_bytes", [0, u64::from(u32::MAX), at, 4]), EFAULT);
    assert_eq!(bench.call("bpf_skb_load_bytes_relative", [0, 2, at, 2, 0]), 0);
    assert_eq!(bench.read(0, 2), [2, 3], "from the link layer header");
    assert_eq!(bench.call("bpf_skb_load_bytes_relative", [0, 2, at, 2, 1]), 0);
    assert_eq!(bench.read(0, 2), [16, 17], "from the network header");
    assert_eq!(bench.call("bpf_skb_load_bytes_relative", [0, 2, at, 2, 2]), EFAULT);
    bench.write(0, b"abcd");
    assert_eq!(bench.call("bpf_skb_store_bytes", [0, 60, at, 4, 1]), 0);
    assert_eq!(bytes(&bench)[58..], *b"\x3a\x3babcd");
    assert_eq!(bench.call("bpf_skb_store_bytes", [0, 61, at, 4, 0]), EFAULT);
    assert_eq!(bench.call("bpf_skb_store_bytes", [0, 0, at, 4, 4]), EINVAL);
    assert_eq!(bench.call("bpf_skb_pull_data", [0, 64]), 0);
    assert_eq!(bench.call("bpf_skb_pull_data", [0, 65]), ENOMEM);
}

#[test]
pub(super) fn packets_grow_shrink_and_change_their_kind() {
    let bench = skb();
    assert_eq!(bench.call("bpf_skb_change_tail", [0, 66, 0]), 0);
    assert_eq!((bytes(&bench).len(), word(&bench, SkbField::LEN)), (66, 66));
    assert_eq!(bytes(&bench)[62..], [62, 63, 0, 0]);
    assert_eq!(bench.call("bpf_skb_change_tail", [0, 13, 0]), EINVAL, "less than the header");
    assert_eq!(bench.call("bpf_skb_change_tail", [0, 70_000, 0]), EINVAL);
    assert_eq!(bench.call("bpf_skb_change_tail", [0, 30, 0]), 0);
    assert_eq!(bench.call("bpf_skb_change_head", [0, 14, 0]), 0);
    assert_eq!(bytes(&bench)[..16], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(bench.call("bpf_skb_change_head", [0, 70_000, 0]), EINVAL);
    assert_eq!(bench.call("bpf_skb_change_type", [0, 3]), 0);
    assert_eq!(word(&bench, SkbField::PKT_TYPE), 3);
    assert_eq!(bench.call("bpf_skb_change_type", [0, 4]), EINVAL);
    assert_eq!(bench.call("bpf_set_hash", [0, 77]), 0);
    assert_eq!(word(&bench, SkbField::HASH), 77);
    assert_eq!(bench.call("bpf_set_hash_invalid", [0]), 0);
    assert_eq!(word(&bench, SkbField::HASH), 0);
}

#[test]
pub(super) fn checksums_are_compared_and_replaced() {
    let bench = skb();
    bench.write(0, &[1, 2, 3, 4, 5, 6, 7, 8]);
    let (old, new) = (bench.at(0), bench.at(4));
    let words = |at: [u8; 4]| u64::from(u32::from_le_bytes(at));
    let fold = |sum: u64| (sum & 0xffff) + (sum >> 16);
    let expected = fold(fold(words([5, 6, 7, 8])));
    assert_eq!(bench.call("bpf_csum_diff", [0, 0, new, 4, 0]), expected);
    let diff = bench.call("bpf_csum_diff", [old, 4, new, 4, 0]);
    assert_eq!(diff, fold(words([4, 4, 4, 4])), "each byte is larger by four");
    assert_eq!(bench.call("bpf_csum_diff", [0, 0, 0, 0, 7]), 7);
    assert_eq!(bench.call("bpf_csum_diff", [old, 3, new, 4, 0]), EINVAL);
    assert_eq!(bench.call("bpf_csum_update", [0, 1]), ENOTSUPP);
    // The checksum at 24 was that of two bytes 0x0102 and becomes that of 0x0203.
    assert_eq!(bench.call("bpf_l3_csum_replace", [0, 24, 0x0201, 0x0302, 2]), 0);
    assert_eq!(bytes(&bench)[24..26], [23, 24], "a checksum goes down as what it covers goes up");
    assert_eq!(bench.call("bpf_l3_csum_replace", [0, 25, 0, 1, 2]), EFAULT);
    assert_eq!(bench.call("bpf_l3_csum_replace", [0, 24, 0, 1, 3]), EINVAL);
    assert_eq!(bench.call("bpf_l3_csum_replace", [0, 24, 0, 1, 16]), EINVAL);
    assert_eq!(bench.call("bpf_l4_csum_replace", [0, 24, 0x0302, 0x0201, 2 | 16]), 0);
    assert_eq!(bytes(&bench)[24..26], [24, 25]);
    assert_eq!(bench.call("bpf_l4_csum_replace", [0, 24, 0, 1, 1 << 8]), EINVAL);
}

#[test]
pub(super) fn the_ends_of_an_xdp_packet_move() {
    let bench = xdp();
    let delta = |delta: i32| u64::from(delta.cast_unsigned());
    assert_eq!(bench.call("bpf_xdp_adjust_meta", [0, delta(-8)]), 0);
    assert_eq!(bench.call("bpf_xdp_adjust_meta", [0, delta(-3)]), EACCES);
    assert_eq!(bench.call("bpf_xdp_adjust_meta", [0, delta(9)]), EINVAL);
    assert_eq!(bench.call("bpf_xdp_adjust_head", [0, 14]), 0);
    assert_eq!(bytes(&bench)[8..10], [14, 15], "the metadata moves along");
    assert_eq!(bench.call("bpf_xdp_adjust_head", [0, 40]), EINVAL, "no header would be left");
    assert_eq!(bench.call("bpf_xdp_adjust_head", [0, delta(-300)]), EINVAL);
    assert_eq!(bench.call("bpf_xdp_adjust_tail", [0, delta(-20)]), 0);
    assert_eq!(bytes(&bench).len(), 8 + 30);
    assert_eq!(bench.call("bpf_xdp_adjust_tail", [0, delta(-20)]), EINVAL);
    assert_eq!(bench.call("bpf_xdp_adjust_tail", [0, 2]), 0);
    assert_eq!(bytes(&bench)[8 + 28..], [42, 43, 0, 0]);
    assert_eq!(bench.call("bpf_xdp_adjust_tail", [0, 4000]), EINVAL);
    assert_eq!(bench.call("bpf_xdp_load_bytes", [0, 1, bench.at(0), 2]), 0);
    assert_eq!(bench.read(0, 2), [15, 16]);
    assert_eq!(bench.call("bpf_xdp_load_bytes", [0, 31, bench.at(0), 2]), EINVAL);
    assert_eq!(bench.call("bpf_xdp_load_bytes", [0, 0x10000, bench.at(0), 2]), EFAULT);
    assert_eq!(bench.call("bpf_xdp_store_bytes", [0, 0, bench.at(0), 2]), 0);
    assert_eq!(bytes(&bench)[8..10], [15, 16]);
}

#[test]
pub(super) fn a_test_packet_has_a_socket_and_no_other_is_found() {
    let bench = skb();
    let tuple = [0, bench.at(0), 12, u64::MAX, 0];
    for lookup in ["bpf_sk_lookup_tcp", "bpf_sk_lookup_udp", "bpf_skc_lookup_tcp"] {
        assert_eq!(bench.call(lookup, tuple), 0, "{lookup}");
    }
    let mut sk = [0; 8];
    bench.machine.memory().kernel_read(ctx(&bench).offset(168), &mut sk).unwrap();
    let sk = u64::from_le_bytes(sk);
    assert_ne!(sk, 0);
    assert_eq!(bench.call("bpf_sk_fullsock", [sk]), sk);
    assert_eq!(bench.call("bpf_tcp_sock", [sk]), 0);
    assert_eq!(bench.call("bpf_get_listener_sock", [sk]), 0);
    assert_eq!(bench.call("bpf_sk_release", [sk]), 0);
    assert!(bench.fault("bpf_sk_release", [8]).contains("null pointer"));
}

#[test]
pub(super) fn packets_go_to_devices_that_take_them() {
    assert_eq!(skb().call("bpf_redirect", [1, 0]), 7, "TC_ACT_REDIRECT");
    assert_eq!(skb().call("bpf_redirect", [1, 2]), 2, "TC_ACT_SHOT");
    assert_eq!(skb().call("bpf_redirect_peer", [1, 0]), 7, "TC_ACT_REDIRECT");
    assert_eq!(skb().call("bpf_redirect_peer", [1, 1]), 2, "TC_ACT_SHOT");
    let neigh = |plen, flags| {
        let bench = skb();
        bench.call("bpf_redirect_neigh", [1, bench.at(0), plen, flags])
    };
    assert_eq!((neigh(0, 0), neigh(20, 0), neigh(19, 0), neigh(0, 1)), (7, 7, 2, 2));
    assert_eq!(xdp().call("bpf_redirect", [1, 0]), 4, "XDP_REDIRECT");
    assert_eq!(xdp().call("bpf_redirect", [1, 1]), 0, "XDP_ABORTED");
    let bench = xdp();
    let devices = bench.map(MapDef::new("devices", MapType::Devmap, 4, 4, 2)).addr().0;
    assert_eq!(bench.call("bpf_redirect_map", [devices, 0, 2]), 2, "XDP_PASS, as the flags say");
    assert_eq!(bench.call("bpf_redirect_map", [devices, 0, 8]), 4, "to all devices");
    assert_eq!(bench.call("bpf_redirect_map", [devices, 0, 32]), 0);
    let bench = skb();
    let check = |ifindex: u64, len: u32, diff: u64, flags: u64| {
        bench.write(0, &len.to_le_bytes());
        bench.call("bpf_check_mtu", [0, ifindex, bench.at(0), diff, flags])
    };
    assert_eq!(check(1, 0, 0, 0), 0);
    assert_eq!(bench.read(0, 4), 65536_u32.to_le_bytes(), "what the device takes");
    assert_eq!(check(1, 0, 65530, 0), 1, "too long");
    assert_eq!((check(2, 0, 0, 0), check(1, 0, 0, 2)), (ENODEV, EINVAL));
    assert_eq!(check(1, 1, 0, 1), EINVAL);
}

#[test]
pub(super) fn routes_and_copies_know_the_loopback_device_alone() {
    const EAFNOSUPPORT: u64 = -97i64 as u64;
    let bench = skb();
    let copy = |ifindex: u64, flags: u64| bench.call("bpf_clone_redirect", [0, ifindex, flags]);
    assert_eq!((copy(1, 0), copy(1, 1), copy(1, 2), copy(2, 0)), (0, 0, EINVAL, EINVAL));
    let route = |family: u8, ifindex: u32, size: u64, flags: u64| {
        let mut params = [0; 64];
        params[0] = family;
        params[8..12].copy_from_slice(&ifindex.to_le_bytes());
        bench.write(0, &params);
        bench.call("bpf_fib_lookup", [0, bench.at(0), size, flags])
    };
    assert_eq!((route(2, 1, 64, 0), route(10, 1, 64, 0x3f)), (5, 5), "forwarding is off");
    assert_eq!((route(2, 7, 64, 0), route(3, 1, 64, 0)), (ENODEV, EAFNOSUPPORT));
    assert_eq!((route(2, 1, 63, 0), route(2, 1, 64, 0x40)), (EINVAL, EINVAL));
}

#[test]
pub(super) fn tunnels_are_set_and_read_from_the_other_end() {
    const EPROTO: u64 = -71i64 as u64;
    const ENOENT: u64 = -2i64 as u64;
    let bench = skb();
    let (key, opt) = (bench.at(0), bench.at(64));
    let get = |size, flags| bench.call("bpf_skb_get_tunnel_key", [0, key, size, flags]);
    let set = |size, flags| bench.call("bpf_skb_set_tunnel_key", [0, key, size, flags]);
    bench.write(0, &[9; 44]);
    assert_eq!(get(44, 0), EINVAL, "there is none");
    assert_eq!(bench.read(0, 44), [0; 44]);
    assert_eq!(bench.call("bpf_skb_get_tunnel_opt", [0, opt, 8]), ENOENT);
    assert_eq!(bench.call("bpf_skb_set_tunnel_opt", [0, opt, 8]), EINVAL);
    let mut bytes = [0; 44];
    bytes[..8].copy_from_slice(&[2, 0, 0, 0, 100, 1, 16, 172]);
    bytes[20..22].copy_from_slice(&[1, 64]);
    bytes[28..32].copy_from_slice(&[200, 1, 16, 172]);
    bench.write(0, &bytes);
    assert_eq!((set(44, 32), set(43, 0), set(44, 0)), (EINVAL, EINVAL, 0));
    assert_eq!(get(44, 1), EPROTO);
    assert_eq!((get(44, 2), get(40, 0)), (EINVAL, EINVAL));
    assert_eq!(get(44, 16), 0);
    let mut seen = bytes;
    seen[4..8].copy_from_slice(&bytes[28..32]);
    seen[28..32].copy_from_slice(&bytes[4..8]);
    // NOCACHE, KEY and CSUM, the high byte first.
    seen[22..24].copy_from_slice(&[0x20, 0x05]);
    assert_eq!(bench.read(0, 44), seen);
    assert_eq!(get(8, 0), 0, "the oldest form");
    bench.write(64, b"abcdefgh");
    assert_eq!(bench.call("bpf_skb_set_tunnel_opt", [0, opt, 6]), EINVAL);
    assert_eq!(bench.call("bpf_skb_set_tunnel_opt", [0, opt, 256]), ENOMEM);
    assert_eq!(bench.call("bpf_skb_set_tunnel_opt", [0, opt, 8]), 0);
    assert_eq!(bench.call("bpf_skb_get_tunnel_opt", [0, opt, 4]), ENOMEM);
    assert_eq!(bench.read(64, 4), [0; 4]);
    assert_eq!(bench.call("bpf_skb_get_tunnel_opt", [0, opt, 12]), 8);
    assert_eq!(bench.read(64, 12), *b"abcdefgh\0\0\0\0");
    bytes[24] = 5;
    bench.write(0, &bytes);
    assert_eq!(set(44, 0), EINVAL, "a flow label over IPv4");
    assert_eq!((set(44, 1 | 2 | 8), get(44, 0), get(8, 1)), (0, EPROTO, EINVAL));
    assert_eq!(get(44, 1), 0);
    assert_eq!((bench.read(4, 4), bench.read(24, 2)), (vec![200, 1, 16, 172], vec![5, 0]));
    bench.write(0, &[1; 44]);
    assert_eq!(set(44, 1), EINVAL, "an extension");
}

#[test]
pub(super) fn times_of_packets_are_by_a_clock() {
    const EOPNOTSUPP: u64 = -95i64 as u64;
    let bench = skb();
    let set = |time: u64, clock: u64| bench.call("bpf_skb_set_tstamp", [0, time, clock]);
    assert_eq!((set(5, 3), set(0, 1), set(0, 2)), (EINVAL, EINVAL, EINVAL));
    assert_eq!(set(5 << 32 | 7, 1), 0);
    let seen = [0, 4].map(|at| word(&bench, SkbField::TSTAMP + at));
    assert_eq!((seen, word(&bench, SkbField::TSTAMP_TYPE)), ([7, 5], 1));
    assert_eq!((set(0, 0), word(&bench, SkbField::TSTAMP)), (0, 0));
    bench
        .machine
        .packets()
        .with(ctx(&bench), |packet| packet.set_ctx_word(SkbField::PROTOCOL, 0x608))
        .unwrap();
    assert_eq!(set(5, 0), EOPNOTSUPP, "ARP");
}
