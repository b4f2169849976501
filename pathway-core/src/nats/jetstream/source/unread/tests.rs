//! What is counted as missing.

use super::*;

/// Delivers messages with these sequences. Each has as many behind it as it says.
fn deliver(unread: &mut Unread, coverage: Coverage, messages: impl IntoIterator<Item = (u64, u64)>) {
    for (stream_sequence, pending) in messages {
        let consumer_sequence = unread.last_delivery() + 1;
        let info = DeliveryInfo { delivered: 1, stream_sequence, consumer_sequence, stored: 0, pending };
        unread.advance(&info, coverage);
    }
}

/// `pending` messages up to the sequence `end`, of which nothing was delivered.
fn unread(pending: u64, end: u64) -> Unread {
    let mut unread = Unread::default();
    unread.start(0, 0, pending, UnreadSnapshot { end, expected: pending, is_exact: true });
    unread
}

fn missing(unread: &mut Unread) -> Option<(u64, bool, u64, u64)> {
    unread.take_missing().map(|missing| (missing.count, missing.is_exact, missing.gap.after, missing.gap.before))
}

#[test]
fn what_has_arrived_since_does_not_hide_what_is_missing() {
    for coverage in [Coverage::All, Coverage::Filtered] {
        // 3 to 70 are removed, and 71 to 170 have arrived.
        let mut unread = unread(70, 70);
        deliver(&mut unread, coverage, [(1, 69), (2, 68), (71, 99)]);
        assert_eq!(missing(&mut unread), Some((68, true, 2, 71)), "{coverage:?}");
        deliver(&mut unread, coverage, (72..=170).map(|n| (n, 170 - n)));
        assert_eq!(missing(&mut unread), None);
    }
}

#[test]
fn what_is_missing_at_the_end_is_noticed_when_nothing_is_left() {
    let mut filtered = unread(30, 70);
    deliver(&mut filtered, Coverage::Filtered, [(1, 29), (60, 0)]);
    assert_eq!(missing(&mut filtered), Some((28, true, 1, 60)));
    let mut idle = unread(30, 70);
    deliver(&mut idle, Coverage::Filtered, [(1, 29)]);
    idle.lose_all(90, Coverage::Filtered);
    assert_eq!(missing(&mut idle), Some((29, false, 1, 91)));
    let mut dense = unread(30, 70);
    deliver(&mut dense, Coverage::Filtered, [(1, 29)]);
    dense.extend(90);
    dense.lose_all(90, Coverage::Filtered);
    assert_eq!(missing(&mut dense), Some((49, true, 1, 91)));
    let mut all = unread(70, 70);
    deliver(&mut all, Coverage::All, [(1, 69)]);
    all.lose_all(90, Coverage::All);
    assert_eq!(missing(&mut all), Some((89, true, 1, 91)));
    deliver(&mut all, Coverage::All, [(91, 0)]);
    assert_eq!(missing(&mut all), None);
}

#[test]
fn messages_behind_the_end_are_counted_if_there_are_no_others() {
    let mut dense = unread(10, 10);
    deliver(&mut dense, Coverage::Filtered, [(1, 9), (50, 3), (51, 2)]);
    assert!(dense.is_unverified());
    dense.extend(53);
    // 2 to 10, and 11 to 49.
    assert_eq!(missing(&mut dense), Some((9 + 39, true, 1, 50)));
    deliver(&mut dense, Coverage::Filtered, [(52, 1), (53, 0)]);
    assert_eq!(missing(&mut dense), None);
    let mut mixed = unread(10, 10);
    deliver(&mut mixed, Coverage::Filtered, [(1, 9), (50, 3), (51, 2)]);
    mixed.has_others(70);
    // Of the others, some may have been for this source.
    assert_eq!(missing(&mut mixed), Some((9, false, 1, 50)));
    deliver(&mut mixed, Coverage::Filtered, [(60, 1), (70, 0), (90, 5), (99, 4), (100, 0)]);
    // At least: what has arrived since is not known.
    assert_eq!(missing(&mut mixed), Some((3, false, 90, 99)));
}

#[test]
fn deliveries_that_were_on_their_way_say_nothing_about_what_came_later() {
    let mut unread = unread(10, 10);
    deliver(&mut unread, Coverage::Filtered, (1..=10).map(|n| (n, 11 - n)));
    unread.extend(30);
    // Delivered before 12 to 30 were stored.
    deliver(&mut unread, Coverage::Filtered, [(11, 0)]);
    deliver(&mut unread, Coverage::Filtered, (12..30).map(|n| (n, 31 - n)));
    assert_eq!(missing(&mut unread), None);
    deliver(&mut unread, Coverage::Filtered, [(31, 0)]);
    assert_eq!(missing(&mut unread), Some((1, true, 29, 31)));
}

#[test]
fn deliveries_to_others_and_redeliveries_are_not_missing() {
    let mut shared = unread(10, 10);
    for (delivered, stream_sequence, consumer_sequence, pending) in
        [(1, 1, 1, 9), (1, 5, 5, 5), (2, 3, 6, 5), (1, 9, 10, 1), (1, 11, 12, 0)]
    {
        let info = DeliveryInfo { delivered, stream_sequence, consumer_sequence, stored: 0, pending };
        shared.advance(&info, Coverage::All);
    }
    assert_eq!(missing(&mut shared), None);
    let mut resumed = unread(10, 10);
    deliver(&mut resumed, Coverage::All, [(1, 9)]);
    // 2 to 4 were delivered over a connection that broke, 5 to 10 are removed.
    resumed.extend(10);
    resumed.resume(4, Some(4), 0);
    assert_eq!(missing(&mut resumed), Some((6, true, 1, 11)));
}

#[test]
fn the_least_number_is_counted_while_messages_arrive() {
    let exact = UnreadSnapshot::between(70, 70, 30);
    assert_eq!(exact, UnreadSnapshot { end: 70, expected: 30, is_exact: true });
    let least = UnreadSnapshot::between(70, 75, 30);
    assert_eq!(least, UnreadSnapshot { end: 70, expected: 25, is_exact: false });
    let mut unread = Unread::default();
    unread.start(0, 0, 30, least);
    unread.lose_all(75, Coverage::Filtered);
    assert_eq!(missing(&mut unread), Some((25, false, 0, 76)));
}

#[test]
fn fewer_messages_than_were_expected_are_the_least_number() {
    let mut slow = unread(30, 70);
    deliver(&mut slow, Coverage::Filtered, [(1, 29)]);
    slow.lose_excess(40, 1);
    assert_eq!(missing(&mut slow), None);
    slow.lose_excess(9, 1);
    slow.replace(UnreadSnapshot::between(80, 80, 9));
    assert_eq!(missing(&mut slow), Some((20, false, 1, 71)));
    deliver(&mut slow, Coverage::Filtered, (72..81).map(|n| (n, 80 - n)));
    assert_eq!(missing(&mut slow), None);
}

#[test]
fn nothing_is_counted_where_old_messages_are_replaced() {
    let mut newest = unread(10, 10);
    deliver(&mut newest, Coverage::Newest, [(3, 9), (50, 0)]);
    assert_eq!(missing(&mut newest), None);
}

/// Delivers a message again, as the delivery `consumer_sequence`.
fn deliver_again(unread: &mut Unread, stream_sequence: u64, consumer_sequence: u64) {
    let info = DeliveryInfo { delivered: 2, stream_sequence, consumer_sequence, stored: 0, pending: 0 };
    unread.advance(&info, Coverage::All);
}

#[test]
fn lost_deliveries_that_do_not_come_again_are_missing() {
    let mut lossy = unread(10, 10);
    deliver(&mut lossy, Coverage::All, [(1, 9), (2, 8)]);
    // 3 to 6 were delivered into a connection that broke.
    lossy.resume_own(6, 6, 4);
    assert_eq!(lossy.unchecked_lost(), Some(3..7));
    deliver_again(&mut lossy, 4, 7);
    deliver(&mut lossy, Coverage::All, [(7, 3), (8, 2), (9, 1), (10, 0)]);
    assert!(lossy.has_lost() && missing(&mut lossy).is_none());
    deliver_again(&mut lossy, 3, 12);
    lossy.settle_lost();
    assert_eq!((lossy.has_lost(), missing(&mut lossy)), (false, Some((2, true, 2, 7))));
    lossy.extend(12);
    deliver(&mut lossy, Coverage::All, [(11, 1), (12, 0)]);
    assert_eq!(missing(&mut lossy), None);
}

#[test]
fn lost_deliveries_that_all_come_again_are_not_missing() {
    let mut lossy = unread(10, 10);
    lossy.resume_own(4, 4, 6);
    // Another break: 5 and 6, and 1 again.
    lossy.resume_own(6, 7, 4);
    assert_eq!(lossy.unchecked_lost(), Some(1..7));
    (1..=6).for_each(|n| deliver_again(&mut lossy, n, n + 7));
    deliver(&mut lossy, Coverage::All, (7..=10).map(|n| (n, 10 - n)));
    lossy.settle_lost();
    assert_eq!(missing(&mut lossy), None);
    let mut found = unread(3, 3);
    found.resume_own(3, 3, 0);
    (1..=3).for_each(|n| deliver_again(&mut found, n, n + 3));
    assert_eq!((found.has_lost(), missing(&mut found)), (false, None));
    // The consumer is asked while two of them are on their way again.
    let mut asked = unread(3, 3);
    asked.resume_own(3, 3, 0);
    asked.resume(3, Some(5), 0);
    (1..=3).for_each(|n| deliver_again(&mut asked, n, n + 3));
    assert_eq!((asked.has_lost(), missing(&mut asked)), (false, None));
}

#[test]
fn lost_deliveries_are_not_counted_where_nothing_shows_that_they_are_missing() {
    let mut lossy = unread(10, 10);
    deliver(&mut lossy, Coverage::All, [(1, 9)]);
    lossy.resume_own(4, 4, 0);
    lossy.forget_lost();
    // 2 to 4 may be left.
    assert_eq!(missing(&mut lossy), Some((6, true, 1, 11)));
}

#[test]
fn messages_that_are_delivered_again_say_nothing_about_others() {
    let mut unread = unread(10, 10);
    deliver(&mut unread, Coverage::All, [(1, 9), (2, 8)]);
    for consumer_sequence in 3..=6 {
        let info = DeliveryInfo { delivered: 2, stream_sequence: 1, consumer_sequence, stored: 0, pending: 8 };
        unread.repeat(&info, Coverage::All);
    }
    deliver(&mut unread, Coverage::All, [(10, 0)]);
    assert_eq!(missing(&mut unread), Some((7, true, 2, 10)));
}

#[test]
fn what_a_killed_server_delivers_again_is_not_expected() {
    let mut killed = unread(20, 20);
    deliver(&mut killed, Coverage::Filtered, (1..=10).map(|n| (n, 20 - n)));
    // Its consumer has forgotten 5 to 10.
    assert_eq!(
        (killed.without_repeated(4, 16), killed.without_repeated(10, 10), killed.without_repeated(4, 3)),
        (10, 10, 0)
    );
}

/// The stream has got other subjects: 11 to 60 may have been for others.
#[test]
fn what_was_missing_by_its_sequences_is_forgotten_when_a_stream_gets_other_subjects() {
    let mut covered = unread(10, 10);
    deliver(&mut covered, Coverage::All, (1..=10).map(|n| (n, 10 - n)));
    deliver(&mut covered, Coverage::All, [(61, 2)]);
    covered.uncover();
    assert_eq!(missing(&mut covered), None);
    // Of the two behind 61, at most 70, none comes.
    covered.bound(70);
    deliver(&mut covered, Coverage::Filtered, [(90, 0)]);
    assert_eq!(missing(&mut covered), Some((2, false, 61, 90)));
}

/// What has arrived among messages for others is known, whatever is removed.
#[test]
fn what_has_arrived_is_added_to_what_is_expected() {
    let snapshot = |end, expected, is_exact| UnreadSnapshot { end, expected, is_exact };
    let mut slow = unread(10, 20);
    slow.has_others(30);
    slow.extend_by(20, snapshot(30, 5, true));
    assert!(slow.is_exact() && slow.end() == 30 && slow.base() == 30);
    // Of these 15, the first 12 are removed, and 4 others arrive. The consumer cannot tell these from the removed ones.
    slow.lose_excess(7, 25);
    assert_eq!(missing(&mut slow), Some((8, false, 0, 25)));
    slow.extend_by(30, snapshot(40, 4, true));
    deliver(&mut slow, Coverage::Filtered, [(25, 6), (26, 5), (30, 4), (31, 3), (32, 2), (33, 1), (40, 0)]);
    assert_eq!(missing(&mut slow), Some((4, true, 0, 25)));
}

/// Messages arrive so fast that their number is not known at any time. It is found when there is time, but not twice.
#[test]
fn what_has_arrived_is_counted_again_until_it_is_exact() {
    let snapshot = |end, expected, is_exact| UnreadSnapshot { end, expected, is_exact };
    let mut slow = unread(10, 20);
    slow.extend_by(20, snapshot(30, 4, false));
    assert_eq!((slow.is_exact(), slow.end(), slow.base()), (false, 30, 20));
    slow.extend_by(20, snapshot(32, 3, false));
    slow.extend_by(20, snapshot(40, 9, true));
    assert_eq!((slow.is_exact(), slow.base()), (true, 40));
    slow.lose_all(40, Coverage::Filtered);
    assert_eq!(missing(&mut slow), Some((19, true, 0, 41)));
    // What is behind the end is read, or was removed: the least number stays.
    let mut read = unread(1, 20);
    read.extend_by(20, snapshot(30, 4, false));
    deliver(&mut read, Coverage::Filtered, [(20, 4), (21, 3)]);
    assert_eq!((read.is_exact(), read.base()), (false, 30));
    let mut lost = unread(1, 20);
    lost.extend_by(20, snapshot(30, 4, false));
    lost.give_up_base();
    assert_eq!(lost.base(), 30);
    lost.lose_all(30, Coverage::Filtered);
    assert_eq!((missing(&mut lost), lost.base()), (Some((5, false, 0, 31)), 30));
}

/// What the consumer has left shows that more was removed than was expected.
#[test]
fn successive_deliveries_show_what_was_removed() {
    let mut mixed = unread(3, 10);
    mixed.has_others(10);
    deliver(&mut mixed, Coverage::Filtered, [(8, 60), (50, 20)]);
    // 2 up to the end, and at least 37 behind it.
    assert_eq!(missing(&mut mixed), Some((39, false, 8, 50)));
    let mut arriving = unread(3, 10);
    arriving.has_others(10);
    deliver(&mut arriving, Coverage::Filtered, [(8, 2), (50, 20)]);
    assert_eq!(missing(&mut arriving), Some((2, false, 8, 50)));
}
