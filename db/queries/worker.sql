-- name: WorkerBeat :many
-- A worker lives, and takes over what dead ones have under way: their jobs in these queues are available again, once,
-- whoever takes. Who was silent for as long itself takes nothing: after an outage of the database everybody was, and
-- the others are back within a beat. Both look at the rows as they were before this beat.
with beat as (
    insert into workers (id, beat_at) values (@id, clock_timestamp())
    on conflict (id) do update set beat_at = excluded.beat_at
)
update river_job j
set state = 'available', scheduled_at = now(), errors = array_append(j.errors, jsonb_build_object(
    'at', now(), 'attempt', j.attempt, 'error', 'the worker died', 'trace', ''))
from workers dead
where j.state = 'running' and j.queue = any (@queues::text[]) and not j.metadata ? 'cancel_attempted_at'
    and dead.id = j.attempted_by[array_upper(j.attempted_by, 1)] and dead.id <> @id
    and dead.beat_at < now() - worker_silence()
    and exists (select from workers living where living.id = @id and living.beat_at > now() - worker_silence())
returning j.id;

-- name: WorkerDeleteOld :execrows
-- Long after others took over what they had under way.
delete from workers where id in (select w.id from workers w where w.beat_at < now() - interval '1 hour' limit @batch);
