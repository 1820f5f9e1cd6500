/** The items of `POST /echo`, and the rules that they keep. */

import { ArrayMaxSize, IsArray } from 'class-validator';
import { Characters, Decimal, Integer, Objects, Texts } from '../validation/rules.js';

export class EchoItem {
  @Integer(0, Number.MAX_SAFE_INTEGER)
  readonly id!: number;

  @Characters(1, 200)
  readonly name!: string;

  @Decimal(0, 1_000_000)
  readonly price!: number;

  @Integer(0, 1_000_000)
  readonly quantity!: number;

  @Texts(20, 50)
  readonly tags!: string[];
}

export class EchoRequest {
  @Objects(EchoItem)
  @ArrayMaxSize(1000)
  @IsArray() // the rule that stands lowest is tried first
  readonly items!: EchoItem[];
}

export type EchoResponse = { items: EchoItem[]; count: number; total: number };
