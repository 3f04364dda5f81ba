//! Each call, run.

mod cgroup;
mod core;
mod cpumask;
mod dynptr;
mod filter;
mod iters;
mod kptr;
mod loops;
mod map;
mod perf;
mod printk;
mod probe_read;
mod rcu;
mod ringbuf;
mod sched_ext;
mod snprintf;
mod stack;
mod state;
mod storage;
mod strings;
mod task;
mod time;

use crate::bench::take_made;

/// For each call a test that makes it. A call without a row, or whose row does not make it, fails the test below.
const RUNNING: &[(&str, fn())] = &[
    ("bpf_map_lookup_elem", map::elements_are_created_found_replaced_and_deleted),
    ("bpf_map_update_elem", map::elements_are_created_found_replaced_and_deleted),
    ("bpf_map_delete_elem", map::elements_are_created_found_replaced_and_deleted),
    ("bpf_map_push_elem", map::values_without_keys_come_and_go),
    ("bpf_map_pop_elem", map::values_without_keys_come_and_go),
    ("bpf_map_peek_elem", map::values_without_keys_come_and_go),
    ("bpf_task_storage_get", storage::a_task_has_a_value_once_it_is_asked_for),
    ("bpf_task_storage_delete", storage::a_task_has_a_value_once_it_is_asked_for),
    ("bpf_cgrp_storage_get", storage::a_control_group_has_a_value_until_it_goes),
    ("bpf_cgrp_storage_delete", storage::a_control_group_has_a_value_until_it_goes),
    ("bpf_inode_storage_get", storage::an_inode_has_a_value),
    ("bpf_inode_storage_delete", storage::an_inode_has_a_value),
    ("bpf_sk_storage_get", storage::the_socket_of_a_packet_has_a_value),
    ("bpf_sk_storage_delete", storage::the_socket_of_a_packet_has_a_value),
    ("bpf_get_current_cgroup_id", cgroup::the_current_task_is_in_a_control_group),
    ("bpf_get_current_ancestor_cgroup_id", cgroup::the_current_task_is_in_a_control_group),
    ("bpf_cgroup_acquire", cgroup::control_groups_are_held_and_given_up),
    ("bpf_cgroup_release", cgroup::control_groups_are_held_and_given_up),
    ("bpf_cgroup_ancestor", cgroup::control_groups_are_held_and_given_up),
    ("bpf_cgroup_from_id", cgroup::control_groups_are_held_and_given_up),
    ("bpf_task_under_cgroup", cgroup::a_task_is_under_all_that_are_above_it),
    ("bpf_task_get_cgroup1", cgroup::a_task_is_under_all_that_are_above_it),
    ("bpf_probe_read", probe_read::bytes_of_user_and_kernel_memory_are_read),
    ("bpf_ktime_get_ns", time::clocks_stand_at_the_sample),
    ("bpf_trace_printk", printk::a_line_goes_to_the_trace_buffer),
    ("bpf_get_prandom_u32", core::random_numbers_repeat_with_the_seed),
    ("bpf_get_smp_processor_id", task::cpu_and_node_are_those_of_the_run),
    ("bpf_tail_call", core::a_tail_call_leaves_for_the_program_in_the_slot),
    ("bpf_get_current_pid_tgid", task::ids_are_those_of_the_sampled_thread),
    ("bpf_get_current_uid_gid", task::ids_are_those_of_the_sampled_thread),
    ("bpf_get_current_comm", task::the_name_is_cut_ended_and_padded),
    ("bpf_perf_event_output", perf::a_record_goes_to_the_slot_of_the_current_cpu),
    ("bpf_get_stackid", stack::equal_stacks_have_equal_ids),
    ("bpf_get_current_task", task::the_task_is_an_object),
    ("bpf_get_numa_node_id", task::cpu_and_node_are_those_of_the_run),
    ("bpf_probe_read_str", probe_read::strings_end_with_a_nul),
    ("bpf_perf_prog_read_value", perf::the_value_of_the_event_is_read),
    ("bpf_get_stack", stack::stacks_of_the_sample_are_copied),
    ("bpf_probe_read_user", probe_read::bytes_of_user_and_kernel_memory_are_read),
    ("bpf_probe_read_kernel", probe_read::bytes_of_user_and_kernel_memory_are_read),
    ("bpf_probe_read_user_str", probe_read::strings_end_with_a_nul),
    ("bpf_probe_read_kernel_str", probe_read::strings_end_with_a_nul),
    ("bpf_jiffies64", time::clocks_stand_at_the_sample),
    ("bpf_ktime_get_boot_ns", time::clocks_stand_at_the_sample),
    ("bpf_ringbuf_output", ringbuf::records_are_copied_into_the_ring),
    ("bpf_ringbuf_reserve", ringbuf::reserved_records_are_submitted_or_discarded),
    ("bpf_ringbuf_submit", ringbuf::reserved_records_are_submitted_or_discarded),
    ("bpf_ringbuf_discard", ringbuf::reserved_records_are_submitted_or_discarded),
    ("bpf_ringbuf_query", ringbuf::records_are_copied_into_the_ring),
    ("bpf_get_current_task_btf", task::the_task_is_an_object),
    ("bpf_ktime_get_coarse_ns", time::clocks_stand_at_the_sample),
    ("bpf_for_each_map_elem", loops::elements_are_visited_until_the_callback_says_stop),
    ("bpf_snprintf", snprintf::text_is_cut_and_its_length_returned),
    ("bpf_get_func_ip", perf::there_is_no_traced_function),
    ("bpf_get_attach_cookie", perf::the_cookie_is_the_links),
    ("bpf_trace_vprintk", printk::a_line_goes_to_the_trace_buffer),
    ("bpf_loop", loops::a_loop_runs_until_the_callback_says_stop),
    ("bpf_ktime_get_tai_ns", time::clocks_stand_at_the_sample),
    ("bpf_kptr_xchg", kptr::what_a_field_held_comes_back),
    ("bpf_rcu_read_lock", rcu::sections_change_nothing_that_a_program_sees),
    ("bpf_rcu_read_unlock", rcu::sections_change_nothing_that_a_program_sees),
    ("bpf_cpumask_create", cpumask::a_mask_is_made_empty_and_lives_as_long_as_someone_holds_it),
    ("bpf_cpumask_acquire", cpumask::a_mask_is_made_empty_and_lives_as_long_as_someone_holds_it),
    ("bpf_cpumask_release", cpumask::a_mask_is_made_empty_and_lives_as_long_as_someone_holds_it),
    ("bpf_cpumask_set_cpu", cpumask::single_cpus_are_set_tested_and_cleared),
    ("bpf_cpumask_clear_cpu", cpumask::single_cpus_are_set_tested_and_cleared),
    ("bpf_cpumask_test_cpu", cpumask::single_cpus_are_set_tested_and_cleared),
    ("bpf_cpumask_test_and_set_cpu", cpumask::single_cpus_are_set_tested_and_cleared),
    ("bpf_cpumask_test_and_clear_cpu", cpumask::single_cpus_are_set_tested_and_cleared),
    ("bpf_cpumask_setall", cpumask::whole_masks_are_filled_emptied_and_copied),
    ("bpf_cpumask_clear", cpumask::whole_masks_are_filled_emptied_and_copied),
    ("bpf_cpumask_copy", cpumask::whole_masks_are_filled_emptied_and_copied),
    ("bpf_cpumask_empty", cpumask::whole_masks_are_filled_emptied_and_copied),
    ("bpf_cpumask_full", cpumask::whole_masks_are_filled_emptied_and_copied),
    ("bpf_cpumask_weight", cpumask::whole_masks_are_filled_emptied_and_copied),
    ("bpf_cpumask_and", cpumask::masks_are_combined),
    ("bpf_cpumask_or", cpumask::masks_are_combined),
    ("bpf_cpumask_xor", cpumask::masks_are_combined),
    ("bpf_cpumask_equal", cpumask::masks_are_compared),
    ("bpf_cpumask_intersects", cpumask::masks_are_compared),
    ("bpf_cpumask_subset", cpumask::masks_are_compared),
    ("bpf_cpumask_first", cpumask::the_first_cpus_are_found),
    ("bpf_cpumask_first_zero", cpumask::the_first_cpus_are_found),
    ("bpf_cpumask_first_and", cpumask::the_first_cpus_are_found),
    ("bpf_cpumask_any_distribute", cpumask::cpus_take_turns_on_each_cpu),
    ("bpf_cpumask_any_and_distribute", cpumask::cpus_take_turns_on_each_cpu),
    ("bpf_cpumask_populate", cpumask::memory_is_copied_into_a_mask),
    ("bpf_skb_load_bytes", filter::bytes_are_copied_out_of_a_packet_and_in),
    ("bpf_skb_load_bytes_relative", filter::bytes_are_copied_out_of_a_packet_and_in),
    ("bpf_skb_store_bytes", filter::bytes_are_copied_out_of_a_packet_and_in),
    ("bpf_skb_pull_data", filter::bytes_are_copied_out_of_a_packet_and_in),
    ("bpf_skb_change_tail", filter::packets_grow_shrink_and_change_their_kind),
    ("bpf_skb_change_head", filter::packets_grow_shrink_and_change_their_kind),
    ("bpf_skb_change_type", filter::packets_grow_shrink_and_change_their_kind),
    ("bpf_skb_get_tunnel_key", filter::tunnels_are_set_and_read_from_the_other_end),
    ("bpf_skb_set_tunnel_key", filter::tunnels_are_set_and_read_from_the_other_end),
    ("bpf_skb_get_tunnel_opt", filter::tunnels_are_set_and_read_from_the_other_end),
    ("bpf_skb_set_tunnel_opt", filter::tunnels_are_set_and_read_from_the_other_end),
    ("bpf_dynptr_from_mem", dynptr::memory_is_read_and_written_within_its_bounds),
    ("bpf_dynptr_read", dynptr::memory_is_read_and_written_within_its_bounds),
    ("bpf_dynptr_write", dynptr::memory_is_read_and_written_within_its_bounds),
    ("bpf_dynptr_data", dynptr::memory_is_read_and_written_within_its_bounds),
    ("bpf_ringbuf_reserve_dynptr", dynptr::records_behind_dynptrs_are_submitted_or_discarded),
    ("bpf_ringbuf_submit_dynptr", dynptr::records_behind_dynptrs_are_submitted_or_discarded),
    ("bpf_ringbuf_discard_dynptr", dynptr::records_behind_dynptrs_are_submitted_or_discarded),
    ("bpf_redirect_peer", filter::packets_go_to_devices_that_take_them),
    ("bpf_redirect_neigh", filter::packets_go_to_devices_that_take_them),
    ("bpf_skb_set_tstamp", filter::times_of_packets_are_by_a_clock),
    ("bpf_set_hash", filter::packets_grow_shrink_and_change_their_kind),
    ("bpf_set_hash_invalid", filter::packets_grow_shrink_and_change_their_kind),
    ("bpf_csum_diff", filter::checksums_are_compared_and_replaced),
    ("bpf_csum_update", filter::checksums_are_compared_and_replaced),
    ("bpf_l3_csum_replace", filter::checksums_are_compared_and_replaced),
    ("bpf_l4_csum_replace", filter::checksums_are_compared_and_replaced),
    ("bpf_xdp_adjust_head", filter::the_ends_of_an_xdp_packet_move),
    ("bpf_xdp_adjust_meta", filter::the_ends_of_an_xdp_packet_move),
    ("bpf_xdp_adjust_tail", filter::the_ends_of_an_xdp_packet_move),
    ("bpf_xdp_load_bytes", filter::the_ends_of_an_xdp_packet_move),
    ("bpf_xdp_store_bytes", filter::the_ends_of_an_xdp_packet_move),
    ("bpf_sk_lookup_tcp", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_sk_lookup_udp", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_skc_lookup_tcp", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_sk_release", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_sk_fullsock", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_tcp_sock", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_get_listener_sock", filter::a_test_packet_has_a_socket_and_no_other_is_found),
    ("bpf_redirect_map", filter::packets_go_to_devices_that_take_them),
    ("bpf_get_local_storage", state::a_program_has_a_value_for_its_cgroup),
    ("bpf_redirect", filter::packets_go_to_devices_that_take_them),
    ("bpf_check_mtu", filter::packets_go_to_devices_that_take_them),
    ("bpf_strtol", strings::numbers_are_read_from_text),
    ("bpf_strtoul", strings::numbers_are_read_from_text),
    ("bpf_strncmp", strings::strings_are_compared),
    ("bpf_spin_lock", state::a_lock_is_held_once),
    ("bpf_spin_unlock", state::a_lock_is_held_once),
    ("bpf_iter_num_new", iters::numbers_are_gone_through),
    ("bpf_iter_num_next", iters::numbers_are_gone_through),
    ("bpf_iter_num_destroy", iters::numbers_are_gone_through),
    ("bpf_iter_bits_new", iters::bits_are_gone_through),
    ("bpf_iter_bits_next", iters::bits_are_gone_through),
    ("bpf_iter_bits_destroy", iters::bits_are_gone_through),
    ("bpf_throw", state::an_exception_ends_the_program),
    ("bpf_preempt_disable", state::preemption_changes_nothing_that_a_program_sees),
    ("bpf_preempt_enable", state::preemption_changes_nothing_that_a_program_sees),
    ("scx_bpf_cpuperf_cap", sched_ext::performance_is_asked_for_and_told),
    ("scx_bpf_cpuperf_cur", sched_ext::performance_is_asked_for_and_told),
    ("scx_bpf_cpuperf_set", sched_ext::performance_is_asked_for_and_told),
    ("scx_bpf_nr_node_ids", sched_ext::sizes_and_masks_of_the_machine_are_told),
    ("scx_bpf_nr_cpu_ids", sched_ext::sizes_and_masks_of_the_machine_are_told),
    ("scx_bpf_get_possible_cpumask", sched_ext::sizes_and_masks_of_the_machine_are_told),
    ("scx_bpf_get_online_cpumask", sched_ext::sizes_and_masks_of_the_machine_are_told),
    ("scx_bpf_put_cpumask", sched_ext::sizes_and_masks_of_the_machine_are_told),
    ("scx_bpf_cpu_node", sched_ext::sizes_and_masks_of_the_machine_are_told),
    ("scx_bpf_task_running", sched_ext::tasks_are_where_they_were_seen_last),
    ("scx_bpf_task_cpu", sched_ext::tasks_are_where_they_were_seen_last),
    ("scx_bpf_now", sched_ext::time_never_goes_back_on_a_cpu),
    ("scx_bpf_get_idle_cpumask_node", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_get_idle_cpumask", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_get_idle_smtmask_node", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_get_idle_smtmask", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_put_idle_cpumask", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_test_and_clear_cpu_idle", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_pick_idle_cpu_node", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_pick_idle_cpu", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_pick_any_cpu_node", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_pick_any_cpu", sched_ext::each_call_answers_as_the_scheduler_allows),
    ("scx_bpf_select_cpu_and", sched_ext::a_cpu_is_chosen_for_a_task),
    ("scx_bpf_select_cpu_dfl", sched_ext::a_cpu_is_chosen_for_a_task),
    ("__scx_bpf_select_cpu_and", sched_ext::a_cpu_is_chosen_for_a_task),
];

#[test]
fn every_call_has_a_running_test() {
    for call in skep_calls::calls() {
        let name = call.spec.name;
        let row = RUNNING.iter().find(|(of, _)| *of == name);
        let (_, test) = row.unwrap_or_else(|| panic!("{name} has no running test"));
        take_made();
        test();
        assert!(take_made().contains(name), "the running test of {name} does not make the call");
    }
    for (name, _) in RUNNING {
        assert!(skep_calls::by_name(name).is_some(), "{name} is not in the catalogue");
    }
}
