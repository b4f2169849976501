//! What the other processes do to form a cluster.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::future::try_join_all;

use super::conversation::{Broken, Conversation};
use super::forming::{Formed, LONGEST, Message, Round, Setback, Waiting};
use super::handshake::{Answer, Purpose};

/// One attempt of a process other than 0.
pub(super) async fn follow(round: &Round<'_>, waiting: &mut Waiting) -> Result<Formed, Setback> {
    let mut first = round.reach(0, Purpose::Join, waiting).await?;
    let epoch = wait_for_all(round, &mut first, waiting).await?;
    let mut conversations = mesh(round, &mut first, epoch).await?;
    first.send(&Message::Meshed).await.map_err(|broken| round.lost(0, &broken))?;
    match listen(round, &mut first, || {}).await? {
        Message::Formed => {}
        _ => return Err(round.lost(0, &Broken::Unexpected)),
    }
    conversations.insert(0, first);
    Ok(Formed { epoch, conversations: conversations.into_iter().collect() })
}

/// Waits until process 0 says that all have joined it.
async fn wait_for_all(round: &Round<'_>, first: &mut Conversation, waiting: &mut Waiting) -> Result<u64, Setback> {
    let settings = &round.cluster.settings;
    let mut missing = Vec::new();
    loop {
        let message = listen(round, first, || {
            if !missing.is_empty() {
                waiting.look(round.cluster, || settings.names(&missing));
            }
        });
        match message.await? {
            Message::Waits(processes) => missing = processes,
            Message::Form(epoch) => return Ok(epoch),
            _ => return Err(round.lost(0, &Broken::Unexpected)),
        }
    }
}

/// Connects to the processes below this one, and takes the connections of those above it.
async fn mesh(
    round: &Round<'_>,
    first: &mut Conversation,
    epoch: u64,
) -> Result<BTreeMap<usize, Conversation>, Setback> {
    let (settings, reception) = (&round.cluster.settings, &round.cluster.reception);
    let (own, all) = (settings.process, settings.addresses.len());
    let mut below = pin!(try_join_all((1..own).map(async |process| {
        let mut waiting = round.waiting();
        Ok((process, round.reach(process, Purpose::Mesh(epoch), &mut waiting).await?))
    })));
    let (mut is_done, mut conversations) = (false, BTreeMap::new());
    loop {
        for visitor in reception.take(Purpose::Mesh(epoch)) {
            match accept(visitor.conversation).await {
                Ok(conversation) => drop(conversations.insert(visitor.process, conversation)),
                // It has given up waiting, and comes again.
                Err(_) => reception.free(visitor.process),
            }
        }
        if is_done && conversations.len() == all - 2 {
            return Ok(conversations);
        }
        tokio::select! {
            biased;
            // Process 0 has nothing to say before this one has: that it begins again is seen by a closed connection.
            message = listen(round, first, || {}) => {
                message?;
                return Err(round.lost(0, &Broken::Unexpected));
            }
            reached = &mut below, if !is_done => {
                is_done = true;
                conversations.extend(reached?);
            }
            () = reception.arrived() => {}
        }
    }
}

async fn accept(conversation: Conversation) -> Result<Conversation, Broken> {
    let mut conversation = conversation.moved()?;
    conversation.send(&Answer::Accept).await?;
    Ok(conversation)
}

/// The next message of process 0. Calls `tick` while there is none.
async fn listen(round: &Round<'_>, first: &mut Conversation, mut tick: impl FnMut()) -> Result<Message, Setback> {
    let mut ticks = round.ticks();
    let broken = loop {
        tokio::select! {
            biased;
            message = first.receive(LONGEST) => match message {
                Ok(message) => return Ok(message),
                Err(broken) => break broken,
            },
            _ = ticks.tick() => {
                round.check()?;
                tick();
                if let Err(broken) = round.pass(first).await {
                    break broken;
                }
            }
        }
    };
    Err(round.lost(0, &broken))
}
