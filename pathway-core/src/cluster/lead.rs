//! What process 0 does to form a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Instant;

use futures_util::future::select_all;

use super::conversation::{Broken, Conversation};
use super::forming::{Formed, LONGEST, Message, Progress, Round, Setback, Waiting};
use super::handshake::{Answer, Purpose};

/// Those that have joined.
type Joined = BTreeMap<usize, Conversation>;

/// One attempt of process 0.
pub(super) async fn lead(round: &Round<'_>, waiting: &mut Waiting) -> Result<Formed, Setback> {
    let mut joined = join(round, waiting).await?;
    let number = round.cluster.identity.random().map_err(|failure| Setback::Lost(failure.to_string()))?;
    let epoch = u64::from_le_bytes(number);
    tell(round, &mut joined, &Message::Form(epoch)).await?;
    mesh(round, &mut joined).await?;
    tell(round, &mut joined, &Message::Formed).await?;
    Ok(Formed { epoch, conversations: joined.into_iter().collect() })
}

/// Waits until all have joined. One that is lost meanwhile can join again.
async fn join(round: &Round<'_>, waiting: &mut Waiting) -> Result<Joined, Setback> {
    let (settings, reception) = (&round.cluster.settings, &round.cluster.reception);
    let mut joined = Joined::new();
    let mut ticks = round.ticks();
    let mut has_changed = false;
    loop {
        has_changed |= admit(round, &mut joined).await;
        let missing: Vec<_> = (1..settings.addresses.len()).filter(|process| !joined.contains_key(process)).collect();
        if missing.is_empty() {
            return Ok(joined);
        }
        if std::mem::take(&mut has_changed) {
            let message = Message::Waits(missing.clone());
            for conversation in joined.values_mut() {
                // If that fails, reading from it does too.
                let _ = conversation.send(&message).await;
            }
        }
        let lost = tokio::select! {
            biased;
            // They have nothing to say yet.
            (process, outcome) = next(&mut joined) => vec![(process, outcome.err().unwrap_or(Broken::Unexpected))],
            () = reception.arrived() => Vec::new(),
            _ = ticks.tick() => {
                round.check()?;
                waiting.look(round.cluster, || settings.names(&missing));
                pass(round, &mut joined).await
            }
        };
        for (process, broken) in lost {
            has_changed = true;
            joined.remove(&process);
            reception.free(process);
            let name = settings.name(process);
            round.cluster.report(Progress::Interrupted(format!("{name} was lost: {broken}")));
        }
    }
}

/// Accepts those who have come to join. Says whether there are any.
async fn admit(round: &Round<'_>, joined: &mut Joined) -> bool {
    let mut changed = false;
    for visitor in round.cluster.reception.take(Purpose::Join) {
        let process = visitor.process;
        let accepted = async {
            let mut conversation = visitor.conversation.moved()?;
            conversation.send(&Answer::Accept).await?;
            Ok::<_, Broken>(conversation)
        };
        match accepted.await {
            Ok(conversation) => {
                joined.insert(process, conversation);
                changed = true;
            }
            // It has given up waiting, and comes again.
            Err(_) => round.cluster.reception.free(process),
        }
    }
    changed
}

/// Waits until all are connected to each other.
async fn mesh(round: &Round<'_>, joined: &mut Joined) -> Result<(), Setback> {
    let mut missing: BTreeSet<_> = joined.keys().copied().collect();
    let deadline = Instant::now() + round.cluster.timing.mesh;
    let mut ticks = round.ticks();
    while !missing.is_empty() {
        tokio::select! {
            biased;
            (process, outcome) = next(joined) => match outcome {
                Ok(Message::Meshed) if missing.remove(&process) => {}
                Ok(_) => return Err(round.lost(process, &Broken::Unexpected)),
                Err(broken) => return Err(round.lost(process, &broken)),
            },
            _ = ticks.tick() => {
                round.check()?;
                if let Some((process, broken)) = pass(round, joined).await.first() {
                    return Err(round.lost(*process, broken));
                }
                if Instant::now() >= deadline {
                    let missing: Vec<_> = missing.into_iter().collect();
                    let names = round.cluster.settings.names(&missing);
                    let time = round.cluster.timing.mesh;
                    return Err(Setback::Lost(format!("these are not connected to all others after {time:?}: {names}")));
                }
            }
        }
    }
    Ok(())
}

/// Says something to all.
async fn tell(round: &Round<'_>, joined: &mut Joined, message: &Message) -> Result<(), Setback> {
    for (process, conversation) in joined {
        conversation.send(message).await.map_err(|broken| round.lost(*process, &broken))?;
    }
    Ok(())
}

/// The next message of any of them. Nothing is lost if this is dropped before it is done.
async fn next(joined: &mut Joined) -> (usize, Result<Message, Broken>) {
    if joined.is_empty() {
        return pending().await;
    }
    let messages = joined
        .iter_mut()
        .map(|(process, conversation)| Box::pin(async { (*process, conversation.receive(LONGEST).await) }));
    select_all(messages).await.0
}

/// A tick has passed. Returns those who are lost by it.
async fn pass(round: &Round<'_>, joined: &mut Joined) -> Vec<(usize, Broken)> {
    let mut lost = Vec::new();
    for (process, conversation) in joined {
        if let Err(broken) = round.pass(conversation).await {
            lost.push((*process, broken));
        }
    }
    lost
}
