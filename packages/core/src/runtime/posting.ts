import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { FairleadError, isFairleadError, type PluginKind } from '@fairlead/sdk';
import type { PluginPlan, PolicyPlan } from '../plan.ts';
import type { Line } from '../succession/line.ts';
import type { Order } from '../succession/order.ts';
import type { PostedError, PostedPlugin, PostedPolicy, WorkerReport } from './posted.ts';

export function received({ code, what, where, mend }: PostedError): FairleadError {
  return new FairleadError(code, what, {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  });
}

/** An error as it is posted; one that is not ours is what a policy did that was to take a place. */
export function postedError(error: unknown): PostedError {
  if (isFairleadError(error)) {
    const { code, what, where, mend } = error;
    return { code, what, where, mend };
  }
  const what = error instanceof Error ? error.message : String(error);
  return { code: 'FAIRLEAD_ERR_SWAP', what, where: undefined, mend: 'mend the plugin' };
}

export function posted({ name, module, options, where, fail, budget }: PluginPlan): PostedPlugin {
  return { name, module, options, where, fail, budget };
}

/** A policy's place as it is posted, with those who are left to serve there. */
export function postedPolicy({ fail, budget }: PolicyPlan<PluginKind>, { plans, givenUp }: Line): PostedPolicy {
  return { chain: plans.map(posted), fail, budget, failed: givenUp };
}

export function postedOrder(order: Order): Order<PostedPlugin> {
  if (order.type === 'swap') return { ...order, plan: posted(order.plan) };
  return order.type === 'shadow' ? { ...order, shadow: { ...order.shadow, plan: posted(order.shadow.plan) } } : order;
}

export function demandModule(plan: PluginPlan): void {
  if (plan.module !== '') return;
  throw new FairleadError(
    'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
    `plugin "${plan.name}" cannot be loaded in a worker thread`,
    {
      where: plan.where,
      mend: 'put it into a module of its own and give its definition module: import.meta.url, or use runtime inline',
    },
  );
}

/** What a worker that has ended had posted and nobody has heard yet. */
export function stillPosted(port: MessagePort): WorkerReport[] {
  const reports: WorkerReport[] = [];
  for (let left = receiveMessageOnPort(port); left !== undefined; left = receiveMessageOnPort(port))
    reports.push(left.message as WorkerReport);
  return reports;
}
